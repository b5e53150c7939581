# Draws Figure 3 from the result of scripts/figure3.lua:
#   build/release/bin/heed show results/figure3.h5 --metric eta_correlation --csv > results/figure3.csv
#   gnuplot scripts/figure3.gnuplot
# Points show means over replicates, bars their 95 % intervals.
set terminal svg size 860,420 font "Helvetica,13" background "white"
set output "docs/figure3.svg"
set datafile separator ","
set multiplot layout 1,2
set xrange [0.4:3.6]
set yrange [0:1.03]
set xtics ("500\n× 20" 1, "2000\n× 50" 2, "5000\n× 100" 3)
set xlabel "users × annotations each" offset 0,-1
set bmargin 6
set ylabel "correlation of inferred and true η"
set grid ytics lc rgb "#dddddd"
set border 3
set tics nomirror
set key bottom right
place(n) = n == 500 ? 1 : n == 2000 ? 2 : 3
color(i) = i == 1 ? 0x1b9e77 : i == 2 ? 0xd95f02 : 0x7570b3
do for [shape in "two_point beta"] {
  set title shape eq "beta" ? "P_η = Beta(2, 2)" : "P_η = two points, .1 and .9"
  plot for [i = 1:3] \
    gap = word("0.6 0.74 0.98", i) \
    "< grep ',".gap.",".shape.",' results/figure3.csv" \
    using (place($3)):7:8:9 with yerrorlines lw 2 pt 7 ps 0.7 lc rgb color(i) \
    title "μ = ".gap
}
unset multiplot
