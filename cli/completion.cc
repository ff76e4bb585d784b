// SPDX-License-Identifier: MIT
//
// halfulp completion: a script for bash, zsh or fish that completes verbs, options, files and the
// names that options take. It is made of what the verbs declare and of the catalogues, so it knows
// what this program knows, and runs nothing when it completes.
#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "cli/output.h"
#include "cli/verb.h"
#include "formats/block.h"
#include "formats/catalogue.h"
#include "formats/error.h"
#include "formats/matrix_unit.h"
#include "formats/operation.h"
#include "formats/rounding.h"
#include "golden/kernels/inputs.h"
#include "golden/sequences/kernel_json.h"
#include "golden/tensors/gguf/block_types.h"
#include "golden/vectors/layout.h"

namespace halfulp::cli {
namespace {

const char* const description =
    "Prints a script that makes SHELL (bash, zsh or fish) complete verbs, options, names and "
    "files.\n"
    "`cmake --install` puts all three where shells look for them. Without that:\n"
    "  bash  source <(halfulp completion bash)    in ~/.bashrc\n"
    "  zsh   halfulp completion zsh > _halfulp    in a folder of $fpath\n"
    "  fish  halfulp completion fish > ~/.config/fish/completions/halfulp.fish";

const char* const examples =
    "  $ halfulp completion bash | tail -1\n"
    "  complete -F _halfulp halfulp\n"
    "\n"
    "  $ halfulp completion zsh | head -1\n"
    "  #compdef halfulp\n";

using Words = std::vector<std::string>;

// What an option or an operand takes: files, or one of a list of words.
struct WordList {
  const char* name;  // "formats"
  Words words;
};

Words format_names() {
  Words names;
  for (const CatalogueEntry& entry : catalogue()) {
    names.push_back(entry.format.name);
    names.insert(names.end(), entry.aliases.begin(), entry.aliases.end());
  }
  for (const BlockEntry& entry : block_catalogue()) {
    names.push_back(entry.format.name);
    names.insert(names.end(), entry.aliases.begin(), entry.aliases.end());
  }
  return names;
}

// What `quantize --to` takes besides.
Words target_names() {
  Words names = format_names();
  for (const tensors::gguf::BlockType& type : tensors::gguf::block_types()) {
    if (type.quantize != nullptr) names.push_back(tensors::gguf::gguf_name(type));
  }
  return names;
}

template <typename Entries>
Words names_of(const Entries& entries) {
  Words names;
  for (const auto& entry : entries) names.emplace_back(entry.name);
  return names;
}

Words unit_names() {
  Words names;
  for (const MatrixUnit& unit : shipped_units()) {
    names.push_back(unit.name);
    names.insert(names.end(), unit.aliases.begin(), unit.aliases.end());
  }
  return names;
}

Words kernel_names() {
  Words names;
  for (const sequences::ShippedKernel& shipped : sequences::shipped_kernel_texts())
    names.emplace_back(shipped.name);
  return names;
}

Words preset_names() {
  Words names = names_of(rounding_presets());
  for (const BlockPreset& preset : block_presets()) names.emplace_back(preset.name);
  return names;
}

// What `op` takes besides.
Words computed_names() {
  Words names = names_of(operations());
  names.insert(names.end(), {"dot", "sum"});
  return names;
}

// What `vectors` takes besides.
Words drawn_names() {
  Words names = names_of(operations());
  names.emplace_back("gemm");
  return names;
}

Words input_class_names() {
  Words names = names_of(kernels::input_classes());
  names.emplace_back("all");
  return names;
}

Words mode_names() {
  Words names;
  for (const Mode mode : all_modes()) names.emplace_back(name_of(mode));
  return names;
}

Words style_names() {
  using vectors::Style;
  Words names;
  for (const Style style :
       {Style::testfloat, Style::readmemh, Style::fptest, Style::csv, Style::json, Style::npz})
    names.emplace_back(vectors::name_of(style));
  return names;
}

// A few aliases have characters that mean something to shells; they have plain names beside them.
Words plain_words(Words words) {
  std::erase_if(words, [](const std::string& word) {
    return word.find_first_not_of(
               "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-") !=
           std::string::npos;
  });
  return words;
}

std::vector<WordList> word_lists() {
  return {{"formats", plain_words(format_names())},
          {"targets", plain_words(target_names())},
          {"roundings", mode_names()},
          {"overflows", names_of(overflow_presets())},
          {"presets", preset_names()},
          {"nans", names_of(nan_presets())},
          {"operations", names_of(operations())},
          {"computed", computed_names()},
          {"drawn", drawn_names()},
          {"classes", input_class_names()},
          {"styles", style_names()},
          {"generators", {"philox4x32-10", "splitmix64"}},
          {"tininess", {"after", "before"}},
          {"units", plain_words(unit_names())},
          {"kernels", kernel_names()},
          {"verbs", names_of(verbs())},
          {"shells", {"bash", "zsh", "fish"}}};
}

constexpr const char* files = "files";

std::string operations_of(const VerbHelp& verb) {
  return verb.name == "op" ? "computed" : verb.name == "vectors" ? "drawn" : "operations";
}

// Which of the lists, or files; empty where neither helps.
std::string list_of(const VerbHelp& verb, const OptionHelp& option) {
  const std::string& name = option.names.back();
  if (option.operand) {
    if (name == "OP" || name == "VERB" || name == "SHELL")
      return name == "VERB" ? "verbs" : name == "SHELL" ? "shells" : operations_of(verb);
    if (name == "NAME")
      return verb.name == "reproduce" ? ""
             : verb.name == "units"   ? "units"
             : verb.name == "kernel"  ? "kernels"
                                      : "formats";
    return name == "TOKEN" || name == "VALUE" ? "" : files;
  }
  static constexpr std::array<std::array<const char*, 2>, 10> by_name{
      {{"--rounding", "roundings"},
       {"--unit", "units"},
       {"--class", "classes"},
       {"--overflow", "overflows"},
       {"--preset", "presets"},
       {"--nan", "nans"},
       {"--operation", "operations"},
       {"--style", "styles"},
       {"--random", "generators"},
       {"--tininess", "tininess"}}};
  for (const auto& [option_name, list] : by_name) {
    if (name == option_name) return list;
  }
  if (verb.name == "quantize" && name == "--to") return "targets";
  const std::string& value = option.value;
  if (value == "F" || value == "G" || value == "F0" || value.rfind("F[", 0) == 0) return "formats";
  const bool file = value.rfind("FILE", 0) == 0 || value == "OUT" || value == "FOLDER" ||
                    value.find('.') != std::string::npos;
  return file ? files : "";
}

std::string joined(const Words& words, const std::string& between) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

std::vector<VerbHelp> all_help() {
  std::vector<VerbHelp> all;
  for (const Verb& verb : verbs()) all.push_back(help_of(verb));
  return all;
}

// The operands of a verb, one after another; where the last may be repeated it goes on.
std::vector<const OptionHelp*> operands_of(const VerbHelp& verb) {
  std::vector<const OptionHelp*> operands;
  for (const OptionHelp& option : verb.options) {
    if (option.operand) operands.push_back(&option);
  }
  return operands;
}

// --- bash ---

std::string bash_verb(const VerbHelp& verb) {
  std::string text = "    " + verb.name + ")\n      options=\"";
  std::string values;
  for (const OptionHelp& option : verb.options) {
    if (option.operand) continue;
    for (const std::string& name : option.names) text += name + " ";
    if (option.value.empty()) continue;
    const std::string list = list_of(verb, option);
    values += "        " + joined(option.names, "|") + ") kind=" + (list.empty() ? "none" : list) +
              " ;;\n";
  }
  text.back() = '"';
  text += "\n      operands=\"";
  for (const OptionHelp* operand : operands_of(verb)) {
    const std::string list = list_of(verb, *operand);
    text += (list.empty() ? "none" : list) + (operand->repeated ? "... " : " ");
  }
  if (text.back() == ' ') text.pop_back();
  return text + "\"\n      case \"$previous\" in\n" + values + "      esac\n      ;;\n";
}

const char* const bash_head = R"sh(# bash completion of halfulp
_halfulp_list() {
  case "$1" in
)sh";

// Bash cuts "--to=fp" in three words at "=", and operands are counted without options and their
// values.
const char* const bash_middle = R"sh(  esac
}

_halfulp_verb() {
  local previous=$2
  case "$1" in
)sh";

const char* const bash_tail = R"sh(  esac
}

_halfulp() {
  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
  local options='' operands='' kind='' word seen=0 i
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W "$(_halfulp_list verbs) --help --version" -- "$current"))
    return
  fi
  if [[ $current == '=' ]]; then
    current=''
  elif [[ $before == '=' ]]; then
    before=${COMP_WORDS[COMP_CWORD-2]}
  fi
  _halfulp_verb "${COMP_WORDS[1]}" "$before"
  if [[ -z $kind && $current == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$current"))
    return
  fi
  if [[ -z $kind ]]; then
    for ((i = 2; i < COMP_CWORD; i++)); do
      if [[ ${COMP_WORDS[i]} == -* ]]; then
        kind=''
        _halfulp_verb "${COMP_WORDS[1]}" "${COMP_WORDS[i]}"
        if [[ ${COMP_WORDS[i+1]} == '=' ]]; then ((i += 2)); elif [[ -n $kind ]]; then ((i++)); fi
      else
        ((seen++))
      fi
    done
    kind=none
    for word in $operands; do
      kind=${word%...}
      if [[ $word == *... || $seen -eq 0 ]]; then break; fi
      ((seen--))
      kind=none
    done
  fi
  case "$kind" in
    none) ;;
    files)
      compopt -o filenames 2>/dev/null
      COMPREPLY=($(compgen -f -- "$current"))
      ;;
    *) COMPREPLY=($(compgen -W "$(_halfulp_list "$kind")" -- "$current")) ;;
  esac
}
complete -F _halfulp halfulp
)sh";

std::string bash_script() {
  std::string text = bash_head;
  for (const WordList& list : word_lists())
    text += "    " + std::string(list.name) + ") echo '" + joined(list.words, " ") + "' ;;\n";
  text += bash_middle;
  for (const VerbHelp& verb : all_help()) text += bash_verb(verb);
  return text + bash_tail;
}

// --- zsh ---

// Inside of single quotes, in a specification of _arguments: "[what]" and what follows colons.
std::string zsh_quoted(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else if (c == '\n') {
      out += ' ';
    } else {
      if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out;
}

std::string zsh_action(const std::string& list) {
  if (list.empty()) return " ";
  return list == files ? "_files" : "_halfulp_words " + list;
}

std::string zsh_verb(const VerbHelp& verb) {
  std::string text = "    " + verb.name + ")\n      _arguments -s -S";
  std::size_t place = 0;
  for (const OptionHelp& option : verb.options) {
    const std::string action = zsh_action(list_of(verb, option));
    if (option.operand) {
      const std::string number = option.repeated ? "*" : std::to_string(++place);
      text +=
          " \\\n        '" + number + ":" + zsh_quoted(option.names.front()) + ":" + action + "'";
      continue;
    }
    for (const std::string& name : option.names) {
      const bool is_long = name.size() > 2 && !option.value.empty();
      text += " \\\n        '" + std::string(option.repeated ? "*" : "") + name +
              (is_long ? "=" : "") + "[" + zsh_quoted(option.what) + "]";
      if (!option.value.empty()) text += ":" + zsh_quoted(option.value) + ":" + action;
      text += "'";
    }
  }
  return text + "\n      ;;\n";
}

std::string zsh_script() {
  std::string text =
      "#compdef halfulp\n# zsh completion of halfulp\n"
      "# _arguments calls it with what compadd takes and, last, the list's name.\n"
      "_halfulp_words() {\n  local -a found\n  case \"${@[-1]}\" in\n";
  for (const WordList& list : word_lists())
    text += "    " + std::string(list.name) + ") found=(" + joined(list.words, " ") + ") ;;\n";
  text += "  esac\n  compadd \"${@[1,-2]}\" -a found\n}\n\n_halfulp() {\n";
  text += "  if (( CURRENT == 2 )); then\n    local -a verbs\n    verbs=(\n";
  for (const Verb& verb : verbs())
    text +=
        "      '" + std::string(verb.name) + ":" + zsh_quoted(std::string(verb.summary)) + "'\n";
  text += "    )\n    _describe verb verbs\n    return\n  fi\n";
  text += "  local verb=$words[2]\n  shift words\n  (( CURRENT-- ))\n  case \"$verb\" in\n";
  for (const VerbHelp& verb : all_help()) text += zsh_verb(verb);
  return text +
         "  esac\n}\n\n"
         "if [ \"$funcstack[1]\" = _halfulp ]; then\n  _halfulp \"$@\"\nelse\n"
         "  compdef _halfulp halfulp\nfi\n";
}

// --- fish ---

std::string fish_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out + "'";
}

std::string fish_arguments(const std::string& list) {
  if (list == files) return " -F";
  return list.empty() ? " -f" : " -f -a \"$__halfulp_" + list + "\"";
}

std::string fish_verb(const VerbHelp& verb) {
  const std::string start =
      "complete -c halfulp -n '__fish_seen_subcommand_from " + verb.name + "'";
  std::string text;
  for (const OptionHelp& option : verb.options) {
    const std::string list = list_of(verb, option);
    if (option.operand) {
      if (!list.empty()) text += start + fish_arguments(list) + "\n";
      continue;
    }
    text += start;
    for (const std::string& name : option.names)
      text += name.rfind("--", 0) == 0 ? " -l " + name.substr(2) : " -s " + name.substr(1);
    if (!option.value.empty()) text += " -r" + fish_arguments(list);
    text += " -d " + fish_quoted(option.what) + "\n";
  }
  return text;
}

std::string fish_script() {
  std::string text = "# fish completion of halfulp\n";
  for (const WordList& list : word_lists())
    text += "set -g __halfulp_" + std::string(list.name) + " " + joined(list.words, " ") + "\n";
  text += "complete -c halfulp -f\n";
  for (const Verb& verb : verbs())
    text += "complete -c halfulp -n __fish_use_subcommand -a " + std::string(verb.name) + " -d " +
            fish_quoted(std::string(verb.summary)) + "\n";
  text += "complete -c halfulp -n __fish_use_subcommand -l help -d 'list the verbs'\n";
  text +=
      "complete -c halfulp -n __fish_use_subcommand -l version -d 'say which halfulp this is'\n";
  for (const VerbHelp& verb : all_help()) text += fish_verb(verb);
  return text;
}

}  // namespace

int completion_verb(const Arguments& arguments) {
  std::string shell;
  std::string output = "-";
  Parser parser("completion", description, examples);
  parser.text("SHELL", shell, "bash, zsh or fish").required().value_name("");
  parser.text("-o,--output", output, "the file; standard output without it").value_name("FILE");
  if (!parser.parse(arguments)) return exit_good;
  for (const auto& [name, script] : {std::pair{"bash", &bash_script}, std::pair{"zsh", &zsh_script},
                                     std::pair{"fish", &fish_script}}) {
    if (shell != name) continue;
    write_file(output, script());
    return exit_good;
  }
  const std::string hint = suggest(shell, {"bash", "zsh", "fish"});
  throw Error("unknown shell \"" + shell + "\"", "completion",
              hint.empty() ? "there are bash, zsh and fish" : hint);
}

}  // namespace halfulp::cli
