#include <cstdio>
#include <cstdlib>

#include "calculator.h"

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  std::printf("%d\n", add(std::atoi(argv[1]), std::atoi(argv[2])));
}
