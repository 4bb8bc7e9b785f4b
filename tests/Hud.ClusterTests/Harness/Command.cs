using System.Diagnostics;
using System.Text;
using Hud.Tests.Support;

namespace Hud.ClusterTests.Harness;

public sealed record CommandResult(int Code, string Output, string Error)
{
    public string Ok(string what = "") =>
        Code == 0 ? Output : throw new Xunit.Sdk.XunitException($"{what} ended with {Code}\n{Output}\n{Error}");

    public string All => Output + Error;
}

/// <summary>Runs a program with a bound on its time; a program that goes past it is ended, and that is an error.</summary>
internal static class Command
{
    public static async Task<CommandResult> RunAsync(
        string program,
        IEnumerable<string> arguments,
        string? input = null,
        int seconds = 120,
        IReadOnlyDictionary<string, string>? environment = null
    )
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = Repository.Root,
        };
        foreach (var (key, value) in environment ?? new Dictionary<string, string>())
            start.Environment[key] = value;
        using var process = Process.Start(start)!;
        var (output, error) = (new StringBuilder(), new StringBuilder());
        process.OutputDataReceived += (_, e) => Append(output, e.Data);
        process.ErrorDataReceived += (_, e) => Append(error, e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (input is not null)
            await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException e)
        {
            process.Kill(entireProcessTree: true);
            throw new Xunit.Sdk.XunitException(
                $"{program} {string.Join(' ', arguments)} did not end within {seconds} s\n{output}\n{error}",
                e
            );
        }
        lock (output)
        {
            lock (error)
                return new CommandResult(process.ExitCode, output.ToString(), error.ToString());
        }
    }

    private static void Append(StringBuilder text, string? line)
    {
        if (line is null)
            return;
        lock (text)
            text.Append(line).Append('\n');
    }
}

internal static class Repository
{
    public static string Root { get; } = RepositoryRoot.Folder;
}
