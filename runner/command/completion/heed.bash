# Completion of heed in bash.  heed itself knows what may follow: `heed complete`.

_heed() {
  # bash takes = and : for words of their own: here they are put together again.
  local glued=() open= word i
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ $word == [=:]* && ${#glued[@]} -gt 0 ]]; then
      glued[-1]+=$word
      open=yes
    elif [[ -n $open ]]; then
      glued[-1]+=$word
      open=
    else
      glued+=("$word")
    fi
  done
  # What bash completes is what follows the last of them.
  word=${COMP_WORDS[COMP_CWORD]}
  [[ $word != [=:]* ]] || word=

  COMPREPLY=()
  local choice ending
  while IFS=$'\t' read -r choice _; do
    case $choice in
      :files*)
        ending=${choice#:files }
        compopt -o filenames
        mapfile -t COMPREPLY < <(
          compgen -d -- "$word"
          compgen -f -X "!*$ending" -- "$word" | while IFS= read -r choice; do
            [[ -d $choice ]] || printf '%s\n' "$choice"
          done)
        ;;
      :folders)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -d -- "$word")
        ;;
      "$word"*)
        COMPREPLY+=("$choice")
        ;;
    esac
  done < <("${COMP_WORDS[0]/#\~/$HOME}" complete -- "${glued[@]}" 2>/dev/null)
}

complete -F _heed heed
