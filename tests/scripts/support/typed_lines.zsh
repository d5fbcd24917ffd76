# zsh -f typed_lines.zsh LINE...: what an interactive zsh, which has read `unroll completion zsh`, makes of each line when
# Tab is typed behind it. A line each.
zmodload zsh/zpty || exit 1
start='PS1= PS2= RPS1=; unsetopt beep; autoload -U compinit && compinit -u -D && source <(unroll completion zsh)'
show='show() { print -r -- "LINE<$BUFFER>"; BUFFER= }; zle -N show; bindkey "^I" complete-word "^X" show; print READY'
zpty shell zsh -f -i
zpty -w shell "$start; $show"
zpty -r -m shell out $'*\nREADY*' || exit 1
for line; do
  zpty -w -n shell "$line"$'\t\C-x'
  zpty -r -m shell out '*LINE<*>*' || exit 1
  print -r -- "${${out##*LINE<}%%>*}"
done
zpty -d shell
