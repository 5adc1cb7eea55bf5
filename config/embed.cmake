# SPDX-License-Identifier: Apache-2.0
# A file as C: cmake -DINPUT=FILE -DOUTPUT=FILE.c -DNAME=VARIABLE -DHEADER=HEADER -P embed.cmake
# defines the struct ocn_bytes that HEADER declares.
file(READ ${INPUT} bytes HEX)
string(REGEX REPLACE "(................................)" "\\1\n    " bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1, " bytes "${bytes}")
string(REGEX REPLACE ", \n" ",\n" bytes "${bytes}")
file(WRITE ${OUTPUT}
  "/* Made from ${INPUT} by config/embed.cmake. */\n"
  "#include \"${HEADER}\"\n\n"
  "static const unsigned char text[] = {\n    ${bytes}\n};\n\n"
  "const struct ocn_bytes ${NAME} = { (const char *)text, sizeof(text) };\n")
