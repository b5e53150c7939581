# Draws what em_bradley_terry takes by the number of annotations, beside
# crowd-kit's NoisyBradleyTerry, from tests/bench/annotations.sh:
#   BENCH_TSV=results/annotations.tsv BENCH_PYTHON=… tests/bench/annotations.sh
#   gnuplot scripts/annotations.gnuplot
set terminal svg size 900,400 noenhanced font "Helvetica,13" background "white"
set output "docs/annotations.svg"
if (!exists("file")) file = "results/annotations.tsv"
set datafile separator "\t"
set datafile missing NaN
array what[3] = ["crowd-kit", "heed, 1 thread", "heed, 2 threads"]
array name[3] = ["crowd-kit, NoisyBradleyTerry", "heed, one thread", "heed, two threads"]
array color[3] = [0x999999, 0x0072b2, 0xd55e00]
array point[3] = [7, 5, 9]
array short[4] = ["10⁵", "10⁶", "10⁷", "10⁸"]
set multiplot layout 1,2 margins 0.075,0.985,0.27,0.89 spacing 0.09,0
set logscale xy
set xrange [7e4:1.4e8]
set xtics ()
do for [i = 1:4] { set xtics add (short[i] 10**(i + 4)) }
set xlabel "annotations"
set border 3
set tics nomirror
set mytics 1
set grid ytics lc rgb "#dddddd"
here(i) = strcol(2) eq what[i]
was_stopped(said) = said[1:7] eq "stopped"
do for [panel = 1:2] {
  if (panel == 1) {
    set title "seconds of the processor"
    set yrange [0.05:1000]
    set ytics ("0.1" 0.1, "1" 1, "10" 10, "100" 100, "1000" 1000)
    set key at screen 0.53,0.06 center maxrows 2 samplen 1.5 width -2 Left reverse
  } else {
    set title "nanoseconds an annotation and step"
    set yrange [10:10000]
    set ytics ("10" 10, "100" 100, "1000" 1000, "10 000" 10000)
    unset key
  }
  # A fit that was stopped has no seconds: a cross stands at the limit.
  plot for [i = 1:3] file using (here(i) ? $1 : NaN):(panel == 1 ? $3 : $6) \
    with linespoints lw 1.6 pt point[i] ps 0.7 lc rgb color[i] title name[i], \
    file using (panel == 1 && was_stopped(strcol(8)) ? $1 : NaN):(600) \
    with points pt 2 ps 1 lw 2 lc rgb color[1] title "stopped at 600 s"
}
unset multiplot
