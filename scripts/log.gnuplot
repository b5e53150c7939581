# Draws what logs of 10^5 to 10^9 annotations cost, from tests/bench/log.sh:
#   BENCH_TSV=results/log.tsv BENCH_PYTHON=… \
#     BENCH_COUNTED="100000 1000000 10000000 100000000 1000000000" \
#     tests/bench/log.sh 100000 1000000 10000000 100000000
#   gnuplot scripts/log.gnuplot
set terminal svg size 900,440 noenhanced font "Helvetica,13" background "white"
set output "docs/log.svg"
if (!exists("file")) file = "results/log.tsv"
set datafile separator "\t"
set datafile missing NaN
array what[6] = ["polars, CSV", "heed, CSV", "heed, packed", "heed pack, 2G", \
  "counted, packed by heed", "counted, users and classes"]
array name[6] = ["polars reads CSV", "heed fits CSV", "heed fits a packed log", \
  "heed pack", "heed counts a packed log", "the same, users and classes only"]
array color[6] = [0x999999, 0xd55e00, 0x0072b2, 0x009e73, 0xcc79a7, 0xe69f00]
array point[6] = [7, 5, 9, 13, 11, 4]
array short[5] = ["10⁵", "10⁶", "10⁷", "10⁸", "10⁹"]
set multiplot layout 1,2 margins 0.075,0.985,0.33,0.89 spacing 0.09,0
set logscale xy
set xrange [7e4:1.4e9]
set xtics ()
do for [i = 1:5] { set xtics add (short[i] 10**(i + 4)) }
set xlabel "annotations"
set border 3
set tics nomirror
set mytics 1
set grid ytics lc rgb "#dddddd"
here(i) = strcol(2) eq what[i]
do for [panel = 1:2] {
  if (panel == 1) {
    set title "seconds of the processor"
    set yrange [0.005:1000]
    set ytics ("0.01" 0.01, "0.1" 0.1, "1" 1, "10" 10, "100" 100, "1000" 1000)
    set key at screen 0.53,0.085 center maxrows 2 samplen 1.5 width -2 Left reverse
  } else {
    set title "largest memory of a process, MB"
    set yrange [5:30000]
    set ytics ("10" 10, "100" 100, "1000" 1000, "10 000" 10000)
    set arrow 1 from 7e4, 2147 to 1.4e9, 2147 nohead lc rgb "#009e73" dt 2
    set label 1 "limit of heed pack" at 8e4, 2900 tc rgb "#009e73"
    unset key
  }
  plot for [i = 1:6] file using (here(i) ? $1 : NaN):(panel == 1 ? $3 : $5) \
    with linespoints lw 1.6 pt point[i] ps 0.7 lc rgb color[i] title name[i]
}
unset multiplot
