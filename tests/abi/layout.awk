# Compares two tables of layout.c: awk -f layout.awk RELEASED TODAY
# Prints each difference that breaks a plugin built with the released headers.
# Exit status 1: there is one.
function wrong(text) { print text; broken = 1 }

# In the released table each struct is followed by its members, in order.  They
# leave no room for a member that the list has forgotten.
function close_struct() {
  if (struct != "" && size - end >= 8)
    wrong(struct ": the list of members ends at byte " end " of " size)
}

NR == FNR {
  released[$1 " " $2] = $3 " " $4
  if ($1 == "member") {
    if ($3 - end >= 8) wrong($2 ": no member is listed before it, from byte " end)
    end = $3 + $4
  } else {
    close_struct()
    struct = $1 == "frozen" || $1 == "grows" ? $2 : ""
    size = $4
    end = 0
  }
  next
}

{ today[$1 " " $2] = $3 " " $4 }

END {
  close_struct()
  if (length(released) == 0) wrong("the released table is empty")
  for (key in released) {
    split(key, name, " ")
    split(released[key], was, " ")
    if (!(key in today)) {
      wrong(name[2] ": is gone")
      continue
    }
    split(today[key], now, " ")
    if (name[1] == "grows" ? now[2] + 0 < was[2] + 0 : today[key] != released[key])
      wrong(name[2] ": " describe(name[1], now) ", was " describe(name[1], was))
  }
  exit broken
}

function describe(kind, place) {
  if (kind == "member") return place[2] " bytes at byte " place[1]
  if (kind == "constant" || kind == "text") return place[2]
  return place[2] " bytes"
}
