/* SPDX-License-Identifier: Apache-2.0 */
/* In the place of runc, or of a container's program: what is measured is only what comes before it.
 */
int main(void)
{
    return 0;
}
