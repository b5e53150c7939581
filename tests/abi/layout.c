/* SPDX-License-Identifier: GPL-3.0-or-later
 * Prints the layout of the ABI's structs and the values of its constants, as
 * one set of headers has them:
 *
 *   cc -I HEADERS -DMEMBERS='"4.0/members.def"' layout.c
 *
 * Built once with the headers of a released version and once with today's, it
 * prints two tables that layout.awk compares. */
#include <heed/heed.h>
#include <stdio.h>

#define FROZEN(type) printf("frozen %s 0 %zu\n", #type, sizeof(type));
#define GROWS(type) printf("grows %s 0 %zu\n", #type, sizeof(type));
#define MEMBER(type, member)                                               \
  printf("member %s.%s %zu %zu\n", #type, #member, offsetof(type, member), \
         sizeof(((type *)0)->member));
#define CONSTANT(name) printf("constant %s 0 %lld\n", #name, (long long)(name));
#define TEXT(name) printf("text %s 0 %s\n", #name, name);

int main(void) {
#include MEMBERS
  return 0;
}
