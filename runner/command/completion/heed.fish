# Completion of heed in fish.  heed itself knows what may follow: `heed complete`.

function __heed_complete
    set -l before (commandline -opc)
    set -l word "$(commandline -ct)"
    # In --option=VALUE, fish wants whole words: the option and the value.
    set -l option "$(string match -r -- '^--[^=]*=' $word)"
    set -l value (string replace -r -- '^--[^=]*=' '' $word)
    for line in ($before[1] complete -- $before[2..] $word 2>/dev/null)
        switch $line
            case ':files *'
                set -l ending (string escape --style=regex -- (string replace ':files ' '' $line))
                for name in (__fish_complete_path $value | string match -r -- "^[^\t]*(?:/|$ending)(?:\t.*)?\$")
                    echo "$option$name"
                end
            case ':folders'
                for name in (__fish_complete_directories $value '')
                    echo "$option$name"
                end
            case '*'
                echo "$option$line"
        end
    end
end

complete -c heed -f -a '(__heed_complete)'
