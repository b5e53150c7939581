# Draws Figure 6 from the result of scripts/figure6.lua:
#   python3 scripts/figure6.py results/figure6.h5 results/figure6.tsv
#   gnuplot scripts/figure6.gnuplot
# Lines show mean gains over keeping all users, bands their 95 % intervals over
# replicates.
set terminal svg size 900,640 font "Helvetica,13" background "white"
set output "docs/figure6.svg"
set datafile separator "\t"
set multiplot layout 2,3 margins 0.09,0.985,0.2,0.94 spacing 0.06,0.1
set xrange [0.07:1.03]
set xtics ("20" 0.2, "40" 0.4, "60" 0.6, "80" 0.8, "100" 1)
set grid ytics lc rgb "#dddddd"
set border 3
set tics nomirror
set style fill transparent solid 0.15 noborder
array shape[6] = ["two-point .1/.9", "two-point 0/1, 30 %", "Beta(.5, .5)", \
                  "Beta(2, 2)", "Gaussian(.5, .2)", "Beta(1, 3)"]
array color[6] = [0x1b9e77, 0xd95f02, 0x7570b3, 0xe7298a, 0x66a61e, 0x444444]
array gap[3] = ["0.6", "0.74", "0.98"]
file = "results/figure6.tsv"
at(kind, i, g, column) = strcol(1) eq kind && strcol(2) eq "users" && \
  strcol(3) eq shape[i] && $4 == gap[g] + 0 ? column : NaN
do for [row = 1:2] {
  kind = word("raw at", row)
  set yrange [row == 1 ? -0.02 : -0.025 : row == 1 ? 0.47 : 0.07]
  set ytics row == 1 ? 0.1 : 0.02
  do for [g = 1:3] {
    set title row == 1 ? "μ = ".gap[g] : ""
    set ylabel g > 1 ? "" : row == 1 ? "gain in win rate" : "gain in win rate at KL = 1 nat"
    set xlabel row == 2 ? "share of users kept, %" : ""
    if (row == 2 && g == 2) {
      set key at screen 0.54,0.055 center maxrows 2 samplen 2 width 3 Left reverse
    } else {
      unset key
    }
    plot for [i = 1:6] file using 5:(at(kind, i, g, $7)):(at(kind, i, g, $8)) \
           with filledcurves lc rgb color[i] notitle, \
         for [i = 1:6] file using 5:(at(kind, i, g, $6)) \
           with linespoints lw 2 pt 7 ps 0.5 lc rgb color[i] title shape[i]
  }
}
unset multiplot
