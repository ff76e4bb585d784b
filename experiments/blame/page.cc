// SPDX-License-Identifier: MIT
#include "experiments/blame/page.h"

#include "experiments/blame/picture.h"
#include "experiments/blame/sentences.h"
#include "experiments/results/page/html.h"
#include "experiments/results/words.h"

namespace halfulp::experiments {
namespace {

std::string title_of(const Blame& blame, const std::string& name) {
  const Json title = blame.document.value("name", Json(""));
  const std::string text = title.is_string() ? title.get<std::string>() : "";
  return "Which place costs what: " + (text.empty() ? name : text);
}

std::string row_of(const PartBlame& part, bool by_ratio) {
  std::string places;
  for (const std::string& place : part.places) places += (places.empty() ? "" : ", ") + place;
  const auto cell = [&](const Variant& variant, Against against) {
    return html_cell(variant_words(variant, against, by_ratio), true);
  };
  return "<tr>" + html_cell(part.name, false) + cell(part.alone_low, Against::full) +
         cell(part.alone_full, Against::full) + cell(part.alone_full, Against::policy) +
         html_cell(places, false) + "</tr>\n";
}

std::string table_of(const Blame& blame) {
  const bool by_ratio = speaks_in_ratios(blame);
  const std::string less = by_ratio ? " / " : " − ";
  std::string text = "<h2>Numbers</h2>\n<div class=\"table\"><table>\n<tr>" +
                     html_cell(by_names()[static_cast<std::size_t>(blame.by)], false, "th");
  for (const std::string& title : {"alone in low precision" + less + "full precision",
                                   "alone in full precision" + less + "full precision",
                                   "alone in full precision" + less + "policy"})
    text += html_cell(title, true, "th");
  text += html_cell("places", false, "th") + "</tr>\n";
  for (const PartBlame& part : blame.parts) text += row_of(part, by_ratio);
  return text + "</table></div>\n<p class=\"note\">" + metric_words(blame.metric) +
         ": means over pairs of repeats that share samples, first weights and random bits, with "
         "95 % intervals of Student's t" +
         (by_ratio ? "; ratios are geometric means.</p>\n" : ".</p>\n");
}

}  // namespace

std::string blame_page(const Blame& blame, const std::string& name) {
  std::string text = page_beginning(title_of(blame, name));
  text += "<h1>" + html_escaped(title_of(blame, name)) + "</h1>\n";
  for (const std::string& sentence : findings(blame))
    text += "<p>" + html_escaped(sentence) + "</p>\n";
  text += "<figure>\n" + blame_picture(blame) +
          "\n<figcaption>Filled: this part alone in low precision, all others in full. Open: this "
          "part alone in full precision, all others as the policy has them. Bars: 95 % intervals. "
          "Parts on a shaded row restore the run.</figcaption>\n</figure>\n";
  text += table_of(blame);
  text +=
      "<h2>Configuration</h2>\n<details><summary>the document, its policy in full</summary>\n"
      "<pre>" +
      html_escaped(json_text(blame.document, 2)) + "</pre></details>\n";
  return text + page_end;
}

}  // namespace halfulp::experiments
