// Package pages keeps two pages of docs true. Its tests list the modules that are
// linked, with their licences and checksums, in docs/licences.md, which -update
// writes; and find every test and fuzz target that docs/security.md names.
package pages
