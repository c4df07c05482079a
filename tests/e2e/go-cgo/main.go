// Answers square roots, which C computes.
package main

// #cgo LDFLAGS: -lm
// #include "root.h"
import "C"

import (
	"fmt"
	"log"
	"net/http"
	"strconv"
)

func main() {
	http.HandleFunc("/root/{number}", func(w http.ResponseWriter, r *http.Request) {
		number, err := strconv.ParseFloat(r.PathValue("number"), 64)
		if err != nil {
			http.Error(w, "that is no number", http.StatusBadRequest)
			return
		}
		fmt.Fprintf(w, "%.4f\n", float64(C.square_root(C.double(number))))
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
