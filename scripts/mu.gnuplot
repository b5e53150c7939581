# Draws the profiles of mu from the result of scripts/mu.lua:
#   python3 scripts/mu.py results/mu.h5 results/mu.tsv
#   gnuplot scripts/mu.gnuplot
# Lines show means over replicates; the dashed line bounds a 95 % interval.
set terminal svg size 900,420 font "Helvetica,13" background "white"
set output "docs/mu.svg"
if (!exists("file")) file = "results/mu.tsv"
set datafile separator "\t"
set multiplot layout 1,3 margins 0.075,0.985,0.3,0.9 spacing 0.035,0
set xrange [0.53:1]
set yrange [-8:0.4]
set xtics 0.1 format "%.1f"
set ytics 2 format "%g"
set grid ytics lc rgb "#dddddd"
set border 3
set tics nomirror
set xlabel "μ assumed"
array gap[3] = ["0.6", "0.74", "0.98"]
array size[4] = ["500 × 20", "5000 × 100", "500 × 20", "5000 × 100"]
array shape[4] = ["two points", "two points", "Beta", "Beta"]
array color[4] = [0xe69f00, 0xd55e00, 0x56b4e9, 0x0072b2]
array mark[4] = [6, 7, 4, 5]
at(g, i) = $3 == gap[g] + 0 && strcol(1) eq size[i] && strcol(2) eq shape[i] ? $5 : NaN
do for [g = 1:3] {
  set title "true μ = ".gap[g]
  set ylabel g == 1 ? "log-likelihood relative to the maximum, nat" : ""
  unset arrow
  set arrow from gap[g] + 0, graph 0 to gap[g] + 0, graph 1 nohead lc rgb "#999999"
  if (g == 2) {
    set key at screen 0.53,0.07 center maxrows 2 samplen 3 width 3 Left reverse
  } else {
    unset key
  }
  plot -1.92 with lines dt 2 lc rgb "#555555" title "95 % interval: 1.92 nat", \
       for [i = 1:4] file using 4:(at(g, i)) with linespoints lw 1.8 pt mark[i] \
         ps 0.6 lc rgb color[i] title shape[i].", ".size[i]
}
unset multiplot
