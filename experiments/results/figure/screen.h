// SPDX-License-Identifier: MIT
//
// Places of a picture in gnuplot's words: fractions counted from its lower left corner, which it
// calls the screen, of pixels from the upper left one.
#pragma once

#include <string>

#include "experiments/results/words.h"

namespace halfulp::experiments {

struct Screen {
  double width = 0, height = 0;  // pixels
  [[nodiscard]] std::string x(double pixels) const { return number_words(pixels / width, 6); }
  [[nodiscard]] std::string y(double pixels) const { return number_words(1 - pixels / height, 6); }
  [[nodiscard]] std::string at(double left, double top) const {
    return "screen " + x(left) + ", screen " + y(top);
  }
};

// The margins of axes that stand in a rectangle of the picture.
inline std::string margin_commands(const Screen& screen, double left, double top, double width,
                                   double height) {
  return "set lmargin at screen " + screen.x(left) + "\nset rmargin at screen " +
         screen.x(left + width) + "\nset tmargin at screen " + screen.y(top) +
         "\nset bmargin at screen " + screen.y(top + height) + "\n";
}

// What a script begins with, up to what its axes are.
inline std::string picture_commands(const Screen& screen) {
  return "reset\nset encoding utf8\nset terminal svg enhanced size " +
         number_words(screen.width, 6) + "," + number_words(screen.height, 6) +
         " dynamic background '#ffffff' font 'DejaVu Sans,Verdana,Arial,sans-serif,11'\n";
}

}  // namespace halfulp::experiments
