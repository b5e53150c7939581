# Draws the figure of docs/experiments/crowd.md from the result of
# scripts/crowd.lua:
#   build/release/bin/heed show results/crowd.h5 --metric label_agreement --csv > results/crowd.csv
#   gnuplot scripts/crowd.gnuplot
# Points show the log's own values, bands the 95 % bootstrap intervals over users.
set terminal svg size 860,400 font "Helvetica,13" background "white"
set output "docs/crowd.svg"
set datafile separator ","
set multiplot layout 1,2
set xrange [0.08:1.02]
set yrange [0.5:0.88]
set xtics 0.2,0.2
set grid ytics lc rgb "#dddddd"
set border 3
set tics nomirror
set key top right
set style fill transparent solid 0.18 noborder
do for [i = 1:2] {
  by = word("users labels", i)
  set title "thresholds by share of ".by
  set xlabel "share of ".by." kept"
  set ylabel i == 1 ? "agreement of kept labels with the judge" : ""
  file(judge) = "< grep 'judge=".judge.",[0-9.]*,".by.",' results/crowd.csv"
  plot file("gpt4") using 3:7:8 with filledcurves lc rgb 0x1b9e77 notitle, \
       file("gpt3") using 3:7:8 with filledcurves lc rgb 0xd95f02 notitle, \
       file("gpt4") using 3:6 with linespoints lw 2 pt 7 ps 0.7 lc rgb 0x1b9e77 title "GPT-4", \
       file("gpt3") using 3:6 with linespoints lw 2 pt 7 ps 0.7 lc rgb 0xd95f02 title "GPT-3.5"
}
unset multiplot
