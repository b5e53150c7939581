# Draws the ranks of simulation-based calibration from the result of
# scripts/calibration.lua:
#   python3 scripts/calibration.py results/calibration.h5 results/calibration.tsv
#   gnuplot scripts/calibration.gnuplot
# Lines show the empirical distribution of the ranks minus the diagonal; 95 % of
# uniform ranks stay within the grey band.
set terminal svg size 900,680 font "Helvetica,13" background "white"
set output "docs/calibration.svg"
if (!exists("file")) file = "results/calibration.tsv"
set datafile separator "\t"
set multiplot layout 2,3 margins 0.085,0.985,0.215,0.94 spacing 0.045,0.09
set xrange [0:1]
set yrange [-0.42:0.42]
set xtics 0.25 format "%g"
set ytics 0.2
set grid ytics lc rgb "#dddddd"
set border 3
set tics nomirror
set style fill solid 1 noborder
array way[8] = ["bayes", "bayes, hyperprior too narrow", "bayes, hyperprior shifted", \
                "bayes, the other family", "em", "em, grid", "uniform prior", "moments"]
array color[8] = [0x000000, 0x0072b2, 0x56b4e9, 0xe69f00, 0xd55e00, 0xcc79a7, \
                  0x777777, 0x009e73]
array family[2] = ["Beta", "two-point"]
array gap[3] = ["0.6", "0.74", "0.98"]
at(f, g, i, column) = strcol(1) eq family[f] && $2 == gap[g] + 0 && \
  strcol(3) eq way[i] ? column : NaN
do for [f = 1:2] {
  do for [g = 1:3] {
    set title f == 1 ? "μ = ".gap[g] : ""
    set ylabel g > 1 ? "" : (f == 1 ? "Beta" : "two points").": empirical distribution − rank"
    set xlabel f == 2 ? "rank of the true η in its posterior" : ""
    if (f == 2 && g == 2) {
      set key at screen 0.54,0.065 center maxrows 3 samplen 2 width 2 Left reverse
    } else {
      unset key
    }
    plot file using 4:(at(f, g, 1, -$6)):(at(f, g, 1, $6)) with filledcurves \
           lc rgb "#e4e4e4" notitle, \
         for [i = 2:8] file using 4:(at(f, g, i, $5)) with lines lw 1.6 \
           lc rgb color[i] title way[i], \
         file using 4:(at(f, g, 1, $5)) with lines lw 2.6 lc rgb color[1] title way[1]
  }
}
unset multiplot
