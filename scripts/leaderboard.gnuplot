# Draws the leaderboard of each case from the result of scripts/leaderboard.lua:
#   /usr/bin/python3 scripts/leaderboard.py results/leaderboard.h5 results/gold.h5 \
#     -o results/leaderboard.tsv
#   gnuplot scripts/leaderboard.gnuplot
# Points are means over runs, bars hold 95 % of the estimates.
set terminal svg size 900,520 noenhanced font "Helvetica,13" background "white"
set output "docs/leaderboard.svg"
if (!exists("file")) file = "results/leaderboard.tsv"
set datafile separator "\t"
set lmargin at screen 0.3
set rmargin at screen 0.98
set bmargin at screen 0.19
set tmargin at screen 0.93
set xrange [0.55:1.1]
set yrange [13.7:0.3]
set xtics 0.6, 0.1, 1 format "%.1f"
set xlabel "probability that the challenger beats the base, for a reader who attends"
set grid xtics lc rgb "#dddddd"
set border 3
set tics nomirror
set label 1 "order right" at graph 0.995, graph 1.04 right
set arrow 1 from 0.70, graph 0 to 0.70, graph 1 nohead lc rgb "#0072b2" dt 2
set arrow 2 from 0.76, graph 0 to 0.76, graph 1 nohead lc rgb "#d55e00" dt 2
set key at screen 0.6, 0.035 center maxrows 1 samplen 2 width 3 Left reverse
is(c) = strcol(3) eq c
plot file using (is("X") ? $4 : NaN):($1 - 0.15):5:6:ytic(2) with xerrorbars \
       lw 1.6 pt 7 ps 0.6 lc rgb "#0072b2" title "X, attentive users (true: .70)", \
     file using (is("Y") ? $4 : NaN):($1 + 0.15):5:6 with xerrorbars \
       lw 1.6 pt 7 ps 0.6 lc rgb "#d55e00" title "Y, casual users (true: .76)", \
     file using (is("X") ? 1.09 : NaN):1:7 with labels right notitle
