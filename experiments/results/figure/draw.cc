// SPDX-License-Identifier: MIT
#include "experiments/results/figure/draw.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "experiments/results/figure/gnuplot.h"
#include "formats/error.h"

extern char** environ;

namespace halfulp::experiments {
namespace {

class TemporaryFolder {
 public:
  explicit TemporaryFolder(const std::string& scratch) : path_(scratch + "/halfulp-XXXXXX") {
    if (::mkdtemp(path_.data()) == nullptr)
      throw Error(std::string("a temporary folder cannot be made (") + std::strerror(errno) + ")",
                  scratch, "set TMPDIR to a folder that can be written");
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The beginning of what gnuplot said, on one line.
std::string beginning_of(const std::string& path) {
  constexpr std::size_t most = 300;
  std::string text = read_text(path).substr(0, most);
  for (char& c : text) c = static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  return text;
}

void write_text(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) throw Error("cannot be written", path, "set TMPDIR to a folder with space");
}

// gnuplot over one script file; what it says goes to the file `messages`.
void run_gnuplot(const std::string& script, const std::string& messages) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  for (const int stream : {STDOUT_FILENO, STDERR_FILENO})
    ::posix_spawn_file_actions_addopen(&actions, stream, messages.c_str(),
                                       O_WRONLY | O_CREAT | O_APPEND, 0600);
  std::string program = "gnuplot";
  std::string plain = "-d";  // the user's own defaults must not change the figure
  std::string path = script;
  const std::array<char*, 4> arguments{program.data(), plain.data(), path.data(), nullptr};
  pid_t process = 0;
  const int problem =
      ::posix_spawnp(&process, "gnuplot", &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (problem != 0)
    throw Error(std::string("gnuplot cannot be started (") + std::strerror(problem) + ")", "",
                "install the package gnuplot-nox");
  int status = 0;
  while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
    throw Error("gnuplot cannot be started", "", "install the package gnuplot-nox");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw Error("gnuplot failed: " + beginning_of(messages), "",
                "gnuplot 5.4 or newer with the svg terminal is needed");
}

}  // namespace

std::vector<std::string> draw(const std::vector<Plot>& plots, const std::string& scratch) {
  const TemporaryFolder folder(scratch);
  std::vector<std::string> pictures;
  for (const Plot& plot : plots) {
    const std::string picture = folder.file("plot.svg");
    const std::string script = folder.file("plot.gnuplot");
    ::unlink(picture.c_str());
    write_text(script, gnuplot_script(plot, picture));
    run_gnuplot(script, folder.file("messages"));
    pictures.push_back(read_text(picture));
    if (pictures.back().find("</svg>") == std::string::npos)
      throw Error("gnuplot drew nothing: " + beginning_of(folder.file("messages")), "",
                  "gnuplot 5.4 or newer with the svg terminal is needed");
  }
  return pictures;
}

}  // namespace halfulp::experiments
