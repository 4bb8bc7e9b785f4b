using System.Text;
using Hud.Cli.Agent;
using Hud.Cli.Run;
using Hud.Core.Diagnostics;
using Hud.Reports.Text;

namespace Hud.Cli.Kubectl;

/// <summary>
/// The user's own kubectl: every way to log in that works for it works for us. <paramref name="globals"/> are the flags
/// that go with each call (namespace, context, kubeconfig).
/// </summary>
internal sealed class KubectlClient(IReadOnlyList<string> globals)
{
    public const string EnvironmentVariable = "HUD_KUBECTL";
    private const int MaxOutput = 64 * 1024 * 1024;

    /// <summary>The same flags as words of a shell, each with a blank before it, for commands that are to be pasted.</summary>
    public string Flags =>
        string.Concat(
            globals
                .Select(flag => flag.Split('=', 2))
                .Select(f => $" {f[0]} {NextCommand.Word(f.Length > 1 ? f[1] : "")}")
        );

    public sealed record Answer(int Exit, byte[] Output, string Error)
    {
        public string Text => Encoding.UTF8.GetString(Output);
    }

    /// <exception cref="DiagnosticException">HUD401 with kubectl's own words.</exception>
    public byte[] Run(string[] arguments, string? stdin = null)
    {
        var answer = Try(arguments, stdin);
        return answer.Exit == 0
            ? answer.Output
            : throw new DiagnosticException(
                new(
                    DiagnosticKinds.KubectlFailed,
                    $"kubectl {string.Join(' ', arguments.Take(3))}: {answer.Error}",
                    "kubectl hud doctor checks what is missing"
                )
            );
    }

    /// <summary>The same without an exception when it fails, for what may be forbidden.</summary>
    public Answer Try(string[] arguments, string? stdin = null)
    {
        // the input goes through a file: kubectl reads all of it before it answers, and a file needs no second thread
        string? file = stdin is null ? null : Path.GetTempFileName();
        try
        {
            if (file is not null)
                File.WriteAllText(file, stdin);
            using var process = Start([.. arguments.Select(a => a == "-" && file is not null ? file : a)]);
            using var output = new MemoryStream();
            byte[] buffer = new byte[64 * 1024];
            int read;
            while ((read = process.Output.Read(buffer)) > 0 && output.Length < MaxOutput)
                output.Write(buffer, 0, read);
            int exit = process.Exit.GetAwaiter().GetResult();
            return new Answer(exit, output.ToArray(), ErrorText(process.LogTail()));
        }
        finally
        {
            if (file is not null)
                File.Delete(file);
        }
    }

    /// <summary>For output that is followed, such as logs.</summary>
    /// <exception cref="DiagnosticException">HUD401 when there is no kubectl that can be started.</exception>
    public AgentProcess Start(string[] arguments)
    {
        string path = Find();
        try
        {
            return AgentProcess.Start(
                path,
                [.. globals, .. arguments],
                new Dictionary<string, string>(StringComparer.Ordinal)
            );
        }
        catch (IOException e)
        {
            bool named = Environment.GetEnvironmentVariable(EnvironmentVariable) is { Length: > 0 };
            throw new DiagnosticException(
                new(
                    DiagnosticKinds.KubectlFailed,
                    e.Message,
                    named
                        ? $"{EnvironmentVariable} names this program: set it to the path of kubectl, or unset it to use the one on the PATH"
                        : $"install kubectl again, or set {EnvironmentVariable} to the path of another"
                )
            );
        }
    }

    /// <summary>
    /// Without the lines of kubectl's own log, which say the same as the sentence after them:
    /// <c>E1128 08:00:00.000000   12345 memcache.go:265] "Unhandled Error" err="..."</c>. When there is nothing else, the last
    /// of them stays.
    /// </summary>
    public static string ErrorText(IReadOnlyList<string> log)
    {
        var own = log.Where(line => !IsKlog(line)).ToList();
        return string.Join("\n  ", (own.Count > 0 ? own : [.. log.TakeLast(1)]).TakeLast(10).Select(Printable.Clean));
    }

    private static bool IsKlog(string line) =>
        line.Length > 6
        && line[0] is 'I' or 'W' or 'E' or 'F'
        && line.AsSpan(1, 4).IndexOfAnyExceptInRange('0', '9') < 0
        && line[5] == ' '
        && line.Contains("] ", StringComparison.Ordinal);

    private static string Find()
    {
        string name = Environment.GetEnvironmentVariable(EnvironmentVariable) is { Length: > 0 } named
            ? named
            : "kubectl";
        if (name.Contains('/'))
            return name;
        return (Environment.GetEnvironmentVariable("PATH") ?? "")
                .Split(':', StringSplitOptions.RemoveEmptyEntries)
                .Select(f => Path.Combine(f, name))
                .FirstOrDefault(File.Exists)
            ?? throw new DiagnosticException(
                new(
                    DiagnosticKinds.KubectlFailed,
                    $"{name} is not on the PATH",
                    $"install kubectl, or set {EnvironmentVariable} to its path"
                )
            );
    }
}
