# Sourced, behind program.bash: what is typed, and the line that a Tab behind it makes: a verb, a flag, a key, a value, a
# cell, files of one's own, and nothing where there is nothing. The word that follows is typed behind a blank, behind = at once.
touch my_config.toml my.cell 'his config.toml'
PATH=$(dirname "$unroll"):$PATH
typed=('unroll sw' 'unroll run --dr' 'unroll run model.ce' 'unroll run model.bidirectional=t' 'unroll run task.name=addi'
  'unroll run model.cell=lstm_p' 'unroll cells show indr' 'unroll study grad' 'unroll sweep my_c' 'unroll run model.cell=my.'
  'unroll sweep hi' 'unroll run nothing.like.th')
completed=('unroll sweep' 'unroll run --dry-run' 'unroll run model.cell=' 'unroll run model.bidirectional=true'
  'unroll run task.name=adding' 'unroll run model.cell=lstm_peephole' 'unroll cells show indrnn' 'unroll study gradient-flow'
  'unroll sweep my_config.toml' 'unroll run model.cell=my.cell' 'unroll sweep his config.toml' 'unroll run nothing.like.th')
