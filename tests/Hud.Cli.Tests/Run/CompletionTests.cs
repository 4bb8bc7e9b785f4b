using System.Diagnostics;
using System.Runtime.CompilerServices;
using Hud.Cli.Commands;
using Hud.Cli.Tests.Cockpit;
using Hud.Cli.Tests.Kubectl;
using Hud.Core.Api;

namespace Hud.Cli.Tests.Run;

/// <summary>The Tab key, in the shells themselves.</summary>
public sealed class CompletionTests
{
    [Theory]
    [InlineData("bash", "bash --norc --noprofile -i", "source <(hud completion bash)")]
    [InlineData("zsh", "zsh -f -i", "autoload -U compinit; compinit -u -D; source <(hud completion zsh)")]
    [InlineData("fish", "fish --no-config --interactive", "hud completion fish | source")]
    public void The_tab_key_completes_verbs_flags_values_and_files(string program, string shell, string load)
    {
        TmuxTerminal.Require(program);
        string folder = Directory.CreateTempSubdirectory("hud-completion-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "before.json"), "");
            using var terminal = new TmuxTerminal(
                100,
                30,
                $"env -C {folder} {shell}",
                ("PATH", AppContext.BaseDirectory + ":" + Environment.GetEnvironmentVariable("PATH")),
                ("HOME", folder),
                // a shell that is ended writes its history, into a folder that is just being removed
                ("HISTFILE", "/dev/null")
            );
            terminal.Send(load + "; echo load\"\"ed", "Enter");
            terminal.WaitFor("loaded");
            terminal.Send("hud doc", "Tab");
            terminal.WaitFor("hud doctor");
            terminal.Send("--outp", "Tab");
            terminal.WaitFor("hud doctor --output");
            terminal.Send("j", "Tab");
            terminal.WaitFor("hud doctor --output json");
            terminal.Send("C-u");
            terminal.Send("hud kubectl des", "Tab");
            terminal.WaitFor("hud kubectl describe");
            terminal.Send("C-u");
            terminal.Send("hud diff bef", "Tab");
            terminal.WaitFor("hud diff before.json");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("", "describe", ":4")]
    [InlineData("des", "describe", ":4")]
    [InlineData("run --thr", "--threshold", ":4")]
    [InlineData("describe ", "p99", ":4")]
    [InlineData("describe p99 -o ", "yaml", ":4")]
    [InlineData("run deploy/a -o ", "yaml", ":4")]
    [InlineData("watch p99 -o ", "yaml", ":4")]
    [InlineData("diff p99 p98 -o ", "yaml", ":4")]
    [InlineData("doctor --output ", "yaml", ":4")]
    [InlineData("diff p99 ", "p99", ":4")]
    [InlineData("export p99 ", "", ":0")]
    public void Kubectl_gets_what_may_follow(string typed, string candidate, string end)
    {
        using var cluster = new FakeCluster().With("p99", FakeCluster.Profiling);
        string folder = Directory.CreateTempSubdirectory("hud-completion-").FullName;
        try
        {
            // as build.sh lays them out: side by side
            File.CreateSymbolicLink(Path.Combine(folder, "hud"), Path.Combine(AppContext.BaseDirectory, "hud"));
            CopiedProgram.To(
                Path.Combine(Root(), "scripts", "kubectl_complete-hud"),
                Path.Combine(folder, "kubectl_complete-hud")
            );
            var start = new ProcessStartInfo(Path.Combine(folder, "kubectl_complete-hud"), typed.Split(' '))
            {
                RedirectStandardOutput = true,
            };
            (start.Environment["HUD_KUBECTL"], start.Environment["FAKE_CLUSTER"]) = (
                FakeCluster.Kubectl,
                cluster.Folder
            );
            using var process = Process.Start(start)!;
            string[] lines = process.StandardOutput.ReadToEnd().TrimEnd('\n').Split('\n');
            process.WaitForExit();

            Assert.Equal(end, lines[^1]);
            if (candidate.Length > 0)
                Assert.Contains(candidate, lines);
            else
                Assert.Single(lines);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("checkout-v2.1", true)]
    [InlineData("$(reboot)", false)]
    [InlineData("a b", false)]
    [InlineData("-rf", false)]
    [InlineData("", false)]
    public void Names_that_a_shell_would_read_as_something_else_are_not_offered(string name, bool offered) =>
        Assert.Equal(offered, CompletionVerb.IsPlain(name));

    private static string Root([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", ".."));
}
