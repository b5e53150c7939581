# Draws the coverage of users' 90 % intervals from the results of scripts/trust.lua:
#   python3 scripts/trust.py results/trust-*.h5 -o results/trust.tsv
#   gnuplot scripts/trust.gnuplot
# A large point is a corner that at least half of its logs identify. The grey band is
# .85 to .95.
set terminal svg size 900,800 font "Helvetica,13" background "white"
set output "docs/trust.svg"
if (!exists("file")) file = "results/trust.tsv"
set datafile separator "\t"
set multiplot layout 4,4 margins 0.085,0.985,0.14,0.95 spacing 0.025,0.035
set logscale x
set xrange [0.7:140]
set yrange [0:1.03]
set xtics (1, 5, 20, 100)
set ytics 0.25
set grid ytics lc rgb "#dddddd"
set border 3
set tics nomirror
set style fill solid 1 noborder
array way[4] = ["default", "default before", "em", "em before"]
array color[4] = [0x0072b2, 0xd55e00, 0x009e73, 0xe69f00]
array users[4] = [5, 50, 500, 5000]
array strength[4] = ["0", "0.5", "1", "2"]
here(u, s, i) = strcol(1) eq "Beta(2, 2)" && $2 == strength[s] + 0 && \
  $3 == users[u] && strcol(5) eq way[i]
do for [u = 1:4] {
  do for [s = 1:4] {
    set title u == 1 ? "strength ".strength[s] : ""
    set ylabel s > 1 ? "" : sprintf("%d users", users[u])
    set format y s > 1 ? "" : "%g"
    set format x u < 4 ? "" : "%g"
    set xlabel u == 4 ? "annotations of each user" : ""
    if (u == 4 && s == 2) {
      set key at screen 0.54,0.035 center maxrows 1 samplen 2 width 2 Left reverse
    } else {
      unset key
    }
    set object 1 rectangle from graph 0,first 0.85 to graph 1,first 0.95 \
      fc rgb "#e4e4e4" fs solid noborder behind
    plot for [i = 4:1:-1] file using (here(u, s, i) ? $4 : NaN):10 with linespoints \
           lw 1.6 pt 7 ps 0.3 lc rgb color[i] title way[i], \
         for [i = 4:1:-1] file using (here(u, s, i) && $7 >= 0.5 ? $4 : NaN):10 \
           with points pt 7 ps 0.9 lc rgb color[i] notitle
  }
}
unset multiplot
