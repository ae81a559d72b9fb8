// Command reloadload loads a large stock snapshot into a fake ANYMARKET without
// limits, among live changes, and kills the loader twice.
//
// It starts itself a second time as the loader, which reloads rows that it makes
// up, with the defaults of package anymarket. Meanwhile live changes go through
// the loader's admin socket. SIGKILL strikes when a third and when two thirds of
// the rows are stored; the third loader has to come to the end. Then the fake must
// have the live change of each SKU that had one, and the row of each other one.
//
// It prints what it measured and ends with status 1 if a bound was broken.
package main
