/* SPDX-License-Identifier: Apache-2.0 */
/* Hostile text, before it reaches a log or a terminal. */
#pragma once

/*
 * Makes @text one line that forges no second record and drives no terminal: all that is not
 * printable UTF-8 becomes '?', C1 controls (U+0080..U+009F) and the line separators of Unicode
 * included.
 */
void ocn_text_defuse(char *text);
