#include <math.h>

#include "root.h"

double square_root(double number) { return sqrt(number); }
