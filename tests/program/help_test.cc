// SPDX-License-Identifier: MIT
//
// What the program says of itself: help, manual pages and shell completion follow from what the
// verbs declare; suggestions come where something is near; lines fit a screen.
#include <set>
#include <sstream>

#include "program.h"

namespace halfulp::program {
namespace {

class HelpTexts : public Program {
 protected:
  [[nodiscard]] std::vector<std::string> verbs() const {
    std::vector<std::string> names;
    std::istringstream words(
        shell("halfulp help | sed -n '/^Verbs:/,/^$/p' | sed 1d | awk '{print $1}'").out);
    for (std::string name; words >> name;) names.push_back(name);
    return names;
  }
  // "--to", "--output", ... of a verb, in the words of its --help.
  [[nodiscard]] std::set<std::string> options(const std::string& verb) const {
    std::set<std::string> names;
    std::istringstream words(shell("halfulp " + verb +
                                   " --help | sed -n '/^Options:/,/^[^ ]*:$/p' | "
                                   "grep -oE '^  [-a-z,]*' | tr ',' '\\n' | tr -d ' '")
                                 .out);
    for (std::string name; words >> name;) {
      if (name.rfind("--", 0) == 0) names.insert(name);
    }
    return names;
  }
  [[nodiscard]] bool has(const std::string& program) const {
    return shell("command -v " + program).status == 0;
  }
};

TEST_F(HelpTexts, HelpOfAVerbIsThatVerbsHelp) {
  ASSERT_GE(verbs().size(), 13U);
  for (const std::string& verb : verbs()) {
    const Ran help = shell("halfulp help " + verb);
    EXPECT_EQ(help.status, 0) << help.err;
    EXPECT_EQ(help.out, shell("halfulp " + verb + " --help").out) << verb;
    EXPECT_FALSE(options(verb).empty()) << verb;
  }
  EXPECT_EQ(shell("halfulp help").out, shell("halfulp --help").out);
  const Ran unknown = shell("halfulp help runn");
  EXPECT_EQ(unknown.status, 2);
  EXPECT_NE(unknown.err.find("did you mean \"run\"?"), std::string::npos) << unknown.err;
}

TEST_F(HelpTexts, SuggestionsAreNear) {
  EXPECT_EQ(shell("halfulp doctor").err,
            "halfulp: unknown verb \"doctor\"; `halfulp --help` lists the verbs\n");
  EXPECT_EQ(shell("halfulp convert").err,
            "halfulp: unknown verb \"convert\"; `halfulp --help` lists the verbs\n");
  for (const auto& [wrong, right] : {std::pair<std::string, std::string>{"fromats", "formats"},
                                     {"chekc", "check"},
                                     {"opp", "op"},
                                     {"vector", "vectors"},
                                     {"quantise", "quantize"}}) {
    const std::string said = shell("halfulp " + wrong).err;
    EXPECT_NE(said.find("did you mean \"" + right + "\"?"), std::string::npos) << said;
  }
}

TEST_F(HelpTexts, ManualPagesHaveEveryOptionAndNoWarnings) {
  ASSERT_EQ(shell("halfulp help --man-pages man1").status, 0);
  std::vector<std::string> expected{"halfulp.1"};
  for (const std::string& verb : verbs()) expected.push_back("halfulp-" + verb + ".1");
  std::sort(expected.begin(), expected.end());
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(work() / "man1"))
    found.push_back(entry.path().filename().string());
  std::sort(found.begin(), found.end());
  EXPECT_EQ(found, expected);
  for (const std::string& verb : verbs()) {
    std::string page = text_of("man1/halfulp-" + verb + ".1");
    EXPECT_EQ(shell("halfulp help " + verb + " --man").out, page);
    for (std::size_t at = 0; (at = page.find("\\-", at)) != std::string::npos;) page.erase(at, 1);
    for (const std::string& option : options(verb))
      EXPECT_NE(page.find("\\fB" + option + "\\fR"), std::string::npos) << verb << option;
  }
  if (has("man") && has("groff")) {
    const Ran man = shell("for p in man1/*; do man --warnings -l $p > /dev/null || exit 1; done");
    EXPECT_EQ(man.status, 0);
    EXPECT_EQ(man.err, "");
    EXPECT_NE(shell("MANWIDTH=80 man -l man1/halfulp-cast.1").out.find("--rounding NAME"),
              std::string::npos);
  }
  if (has("mandoc")) {
    const Ran lint = shell("mandoc -T lint -W error man1/*");
    EXPECT_EQ(lint.status, 0) << lint.out;
  }
}

// A completion as bash asks for it: the words of the line, the last one being typed.
class Completion : public HelpTexts {
 protected:
  [[nodiscard]] std::vector<std::string> bash(const std::string& words) const {
    const Ran ran = shell("cat > ask <<'END'\nsource ./halfulp.bash\nCOMP_WORDS=(" + words +
                          ")\nCOMP_CWORD=$((${#COMP_WORDS[@]}-1))\n_halfulp\n"
                          "printf '%s\\n' \"${COMPREPLY[@]}\"\nEND\nbash ask");
    EXPECT_EQ(ran.err, "") << words;
    std::vector<std::string> answers;
    std::istringstream lines(ran.out);
    for (std::string line; std::getline(lines, line);) {
      if (!line.empty()) answers.push_back(line);
    }
    return answers;
  }
};

using Words = std::vector<std::string>;

TEST_F(Completion, BashCompletesVerbsOptionsNamesAndFiles) {
  if (!has("bash")) GTEST_SKIP() << "bash is not installed";
  ASSERT_EQ(shell("halfulp completion bash > halfulp.bash && bash -n halfulp.bash").status, 0);
  file("weights.npy", "");
  EXPECT_EQ(bash("halfulp ex"), Words{"explain"});
  EXPECT_EQ(bash("halfulp cast --roun"), Words{"--rounding"});
  EXPECT_EQ(bash("halfulp cast --to bf"), (Words{"bfloat16", "bf16"}));
  EXPECT_EQ(bash("halfulp cast --to = bfl"), Words{"bfloat16"});
  EXPECT_EQ(bash("halfulp cast --rounding stochastic-e"), Words{"stochastic-equal"});
  EXPECT_EQ(bash("halfulp quantize --to mxfp4 wei"), Words{"weights.npy"});
  EXPECT_EQ(bash("halfulp quantize weights.npy --to mxfp8_e5"), Words{"mxfp8_e5m2"});
  EXPECT_EQ(bash("halfulp quantize weights.npy --to gguf_q4_k"), Words{"gguf_q4_k"});
  EXPECT_EQ(bash("halfulp dequantize wei"), Words{"weights.npy"});
  EXPECT_EQ(bash("halfulp op --format bf16 fm"), Words{"fma"});
  EXPECT_EQ(bash("halfulp op fma fm"), Words{});
  EXPECT_EQ(bash("halfulp help reprod"), Words{"reproduce"});
  EXPECT_EQ(bash("halfulp cast --to bf16 0."), Words{});
}

TEST_F(Completion, KnowsEveryOptionOfEveryVerb) {
  if (!has("bash")) GTEST_SKIP() << "bash is not installed";
  ASSERT_EQ(shell("halfulp completion bash > halfulp.bash").status, 0);
  const std::string zsh = shell("halfulp completion zsh").out;
  const std::string fish = shell("halfulp completion fish").out;
  for (const std::string& verb : verbs()) {
    const Words offered = bash("halfulp " + verb + " --");
    EXPECT_EQ(std::set<std::string>(offered.begin(), offered.end()), options(verb)) << verb;
    for (const std::string& option : options(verb)) {
      EXPECT_TRUE(zsh.find(option + "[") != std::string::npos ||
                  zsh.find(option + "=[") != std::string::npos)
          << option;
      EXPECT_NE(fish.find(" -l " + option.substr(2) + " "), std::string::npos) << option;
    }
  }
}

TEST_F(Completion, ShellsAcceptTheirScripts) {
  for (const std::string name : {"bash", "zsh", "fish"}) {
    const Ran script = shell("halfulp completion " + name + " -o script." + name);
    EXPECT_EQ(script.status, 0) << script.err;
    if (!has(name)) continue;
    const Ran read = shell(name + " -n script." + name);
    EXPECT_EQ(read.status, 0) << read.err;
    EXPECT_EQ(read.err, "");
  }
  if (has("fish")) {
    const Ran ran =
        shell("HOME=$PWD fish -c 'source script.fish; complete -C \"halfulp cast --to bflo\"'");
    EXPECT_EQ(ran.out.rfind("bfloat16", 0), 0U) << ran.out << ran.err;
  }
  const Ran unknown = shell("halfulp completion powershell");
  EXPECT_EQ(unknown.status, 2);
  EXPECT_NE(unknown.err.find("bash"), std::string::npos) << unknown.err;
}

// Lines about what users write never fill a screen, and keep the place and the remedy.
TEST_F(HelpTexts, ErrorLinesFitAScreen) {
  file("long.json", "{\"experiment\": \"" + std::string(50000, 'x') + "\"}");
  file("words.json", "{\"experiment\": \"" + std::string(50000, ' ') + "\"}");
  const std::string word = "$(printf 'x%.0s' $(seq 30000))";
  const std::string quotes = "$(printf '\"%.0s' $(seq 30000))";
  const std::string greek = "$(printf 'λ%.0s' $(seq 30000))";
  for (const std::string& long_one : {word, quotes, greek}) {
    for (const std::string call :
         {"halfulp ", "halfulp cast --to bf16 ", "halfulp cast --to ", "halfulp cast --",
          "halfulp cast --to bf16 --rounding ", "halfulp cast --to bf16 --overflow ",
          "halfulp formats ", "halfulp run ", "halfulp quantize --to bf16 -o o.npy ",
          "halfulp op add --format bf16 1 ", "halfulp check f16_add ",
          "halfulp report -o r.html "}) {
      const Ran ran = shell(call + "\"" + long_one + "\"");
      EXPECT_EQ(ran.status, 2) << call;
      EXPECT_EQ(ran.err.rfind("halfulp: ", 0), 0U) << call;
      for (std::size_t at = 0; at < ran.err.size(); at = ran.err.find('\n', at) + 1)
        EXPECT_LT(ran.err.find('\n', at) - at, 1100U) << call;
    }
  }
  for (const char* name : {"long.json", "words.json"}) {
    const Ran ran = shell("halfulp run -o r.json " + std::string(name));
    EXPECT_EQ(ran.status, 2);
    EXPECT_LT(ran.err.size(), 1100U);
    EXPECT_NE(ran.err.find("/experiment"), std::string::npos) << ran.err;
  }
}

TEST_F(HelpTexts, TheTableOfFormatsFitsAHundredColumns) {
  const Ran table = shell("halfulp formats");
  std::istringstream lines(table.out);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
  EXPECT_NE(table.out.find("name "), std::string::npos);
  EXPECT_NE(table.out.find("-448 to 448"), std::string::npos) << table.out;
  const Ran wide = shell("halfulp formats --wide");
  EXPECT_NE(wide.out.find("smallest subnormal"), std::string::npos);
  EXPECT_EQ(std::count(wide.out.begin(), wide.out.end(), '\n'),
            std::count(table.out.begin(), table.out.end(), '\n'));
}

}  // namespace
}  // namespace halfulp::program
