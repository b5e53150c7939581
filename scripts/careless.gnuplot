# Draws the realised share of false calls from the results of scripts/careless.lua:
#   python3 scripts/careless.py results/careless.h5 -o results/careless.tsv
#   gnuplot scripts/careless.gnuplot
# Grey lines: the stated error rates. Seven laws of eta at each, in the order of
# `law`.
set terminal svg size 900,520 font "Helvetica,13" background "white"
set output "docs/careless.svg"
if (!exists("file")) file = "results/careless.tsv"
set datafile separator "\t"
set multiplot layout 2,3 margins 0.07,0.985,0.17,0.92 spacing 0.025,0.06
set xrange [0.4:3.6]
set yrange [0:0.45]
set xtics (".05" 1, ".1" 2, ".2" 3) scale 0
set ytics 0.1
set border 3
set tics nomirror
set errorbars 0
array law[7] = ["two points", "Beta(2, 2)", "Beta(.5, .5)", "gaussian", "uniform", "few careless", "alike"]
array way[2] = ["grid", "grid, plug-in"]
array color[2] = [0x0072b2, 0xd55e00]
array gaps[3] = [0.6, 0.74, 0.98]
array each[2] = [20, 100]
place(a) = a < 0.07 ? 1 : a < 0.15 ? 2 : 3
number(name) = sum [i = 1:7] (law[i] eq name ? i : 0)
x(w) = place($5) + (number(strcol(1)) - 4) * 0.11 + (w - 1.5) * 0.04
here(w, g, n) = strcol(2) eq way[w] && abs($3 - gaps[g]) < 1e-6 && $4 == each[n]
do for [n = 1:2] {
  do for [g = 1:3] {
    set title n == 1 ? sprintf("gap %g", gaps[g]) : ""
    set ylabel g > 1 ? "" : sprintf("false calls, %d annotations", each[n])
    set format y g > 1 ? "" : "%g"
    set xlabel n == 2 ? "stated error rate" : ""
    if (n == 2 && g == 2) {
      set key at screen 0.54,0.035 center maxrows 1 samplen 1 width 2 Left reverse
    } else {
      unset key
    }
    unset arrow
    do for [i = 1:3] {
      set arrow from i - 0.48, (i == 1 ? 0.05 : i == 2 ? 0.1 : 0.2) to \
        i + 0.48, (i == 1 ? 0.05 : i == 2 ? 0.1 : 0.2) nohead lc rgb "#999999" lw 1.5 back
    }
    plot for [w = 2:1:-1] file using (here(w, g, n) ? x(w) : NaN):6:(\
           $7 < 0 ? 0 : $7):8 with yerrorbars pt 7 ps 0.4 lw 1.2 lc rgb color[w] \
           title way[w]
  }
}
unset multiplot
