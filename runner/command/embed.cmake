# Writes a C file that holds the files of a folder as bytes:
#   cmake -DFOLDER=… -DOUTPUT=… -P embed.cmake

file(GLOB files ${FOLDER}/*)
list(SORT files)
set(arrays "")
set(entries "")
set(count 0)
foreach(file ${files})
  get_filename_component(name ${file} NAME)
  file(READ ${file} bytes HEX)
  string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(APPEND arrays "static const unsigned char file_${count}[] = {\n${bytes}};\n")
  string(APPEND entries "    {\"${name}\", file_${count}, sizeof file_${count}},\n")
  math(EXPR count "${count} + 1")
endforeach()

file(WRITE ${OUTPUT}
"/* Made by embed.cmake from ${FOLDER}. */
#include \"templates.h\"

${arrays}
const command_template command_templates[] = {
${entries}};
const size_t command_template_count = ${count};
")
