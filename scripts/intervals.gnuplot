# Draws means with their 95 % intervals as small multiples. Panels are side by side,
# the compared items are on the vertical axis, and colours distinguish the series
# within a row.
#
#   gnuplot -e "data='results/X.tsv'; picture='docs/X.svg'; along='gain in …'" \
#     scripts/intervals.gnuplot
#
# data: the output of write_intervals in scripts/paired.py, with panel, row, series,
# mean, low and high on each line. The order of the lines is the order of drawing. A
# single series has no key.
#
# Optional: across, the number of panels side by side (default: up to three); line,
# the position of the vertical line (default: 0); shared=1, one horizontal range for
# all panels (default: one per panel).
if (!exists("line")) line = 0
if (!exists("shared")) shared = 0

# The distinct values of a column, in order of appearance.
distinct(column) = sprintf("tail -n +2 '%s' | cut -f%d | awk '!seen[$0]++'", data, column)
count(column) = int(system(distinct(column)." | wc -l"))
name(column, i) = system(distinct(column).sprintf(" | sed -n %dp", i))
# The same for an axis label, where a percent sign would be a format.
beside(column, i) = system(distinct(column).sprintf(" | sed -n '%d{s/%%/%%%%/g;p}'", i))
panels = count(1)
rows = count(2)
groups = count(3)
array panel[panels]
array row[rows]
array series[groups]
do for [i = 1:panels] { panel[i] = name(1, i) }
do for [i = 1:rows] { row[i] = name(2, i) }
do for [i = 1:groups] { series[i] = name(3, i) }

array color[8] = [0x0072b2, 0xd55e00, 0x009e73, 0xcc79a7, 0xe69f00, 0x56b4e9, 0x000000, 0x999999]
array mark[8] = [7, 5, 9, 11, 13, 6, 4, 8]

# The page, in pixels.
letter = 6.7
longest = 0
do for [i = 1:rows] { longest = strlen(row[i]) > longest ? strlen(row[i]) : longest }
width = 860
left = 22 + letter*longest
if (!exists("across")) across = panels == 4 ? 2 : panels < 3 ? panels : 3
down = ceil(1.0*panels/across)
gap = 24
panel_width = (width - left - 24 - gap*(across - 1))/across
panel_height = rows*(12.0*groups + 12)
above = 30
below = 34
longest = 0
do for [i = 1:groups] { longest = strlen(series[i]) > longest ? strlen(series[i]) : longest }
entry = 40 + letter*longest
in_line = floor((width - 40)/entry)
in_line = in_line < 1 ? 1 : in_line > groups ? groups : in_line
lines = groups > 1 ? ceil(1.0*groups/in_line) : 0
foot = 26 + 20*lines + 6
height = down*(above + panel_height + below) + foot

set terminal svg size width,height font "Helvetica,13" background "white" noenhanced
set output picture
set datafile separator "\t"
set multiplot
set title offset 0,-0.4
set border 3
set tics nomirror
set ytics scale 0
set grid xtics lc rgb "#dddddd"
set yrange [rows + 0.5:0.5]
set ytics ("" 1)
set arrow from first line, graph 0 to first line, graph 1 nohead lc rgb "#555555"
do for [i = 1:rows - 1] {
  set arrow from graph 0, first i + 0.5 to graph 1, first i + 0.5 nohead lc rgb "#dddddd"
}
unset key

at(p, s) = strcol(1) eq panel[p] && strcol(3) eq series[s]
place(name) = sum [i = 1:rows] (row[i] eq name ? i : 0)
# A step of 1, 2 or 5 times a power of ten.
power(x) = 10.0**floor(log10(x))
step(x) = power(x)*(x < 1.5*power(x) ? 1 : x < 3.5*power(x) ? 2 : x < 7.5*power(x) ? 5 : 10)
dodged(s) = place(strcol(2)) + 0.7*(s - (groups + 1)/2.0)/(groups > 1 ? groups : 2)
if (shared) {
  stats [*:*][*:*] data every ::1 using 5 nooutput prefix "low"
  stats [*:*][*:*] data every ::1 using 6 nooutput prefix "high"
}
do for [p = 1:panels] {
  if (!shared) {
    stats [*:*][*:*] data every ::1 \
      using (strcol(1) eq panel[p] ? $5 : NaN) nooutput prefix "low"
    stats [*:*][*:*] data every ::1 \
      using (strcol(1) eq panel[p] ? $6 : NaN) nooutput prefix "high"
  }
  least = low_min < line ? low_min : line
  most = high_max > line ? high_max : line
  every = step((most - least)*95/panel_width)
  set xtics every
  set format x sprintf("%%.%df", every < 1 ? ceil(-log10(every) - 1e-9) : 0)
  set xrange [least - 0.05*(most - least):most + 0.05*(most - least)]
  i = (p - 1)%across
  j = (p - 1)/across
  x = left + i*(panel_width + gap)
  y = height - j*(above + panel_height + below) - above
  set lmargin at screen x/width
  set rmargin at screen (x + panel_width)/width
  set tmargin at screen y/height
  set bmargin at screen (y - panel_height)/height
  set title panel[p]
  if (i == 0) {
    do for [r = 1:rows] { set ytics add (beside(2, r) r) }
  } else {
    set ytics ("" 1)
  }
  if (p == panels) {  # once, below all panels
    set label along center \
      at screen (left + width - 24)/2/width, screen (foot - 10.0)/height
    if (groups > 1) {
      do for [s = 1:groups] {
        set label series[s] left offset character 0.4,-0.15 \
          at screen ((width - in_line*entry)/2 + entry*((s - 1)%in_line) + 20)/width, \
             screen (20.0*(lines - (s - 1)/in_line) - 8)/height \
          point pt mark[s] ps 0.7 lc rgb color[s]
      }
    }
  }
  plot for [s = 1:groups] data every ::1 \
    using (at(p, s) ? $4 : NaN):(dodged(s)):5:6 \
    with xerrorbars lw 1.6 pt mark[s] ps 0.7 lc rgb color[s]
}
unset multiplot
