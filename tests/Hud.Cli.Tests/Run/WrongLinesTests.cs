using System.Runtime.CompilerServices;
using System.Text;

namespace Hud.Cli.Tests.Run;

/// <summary>
/// Forty ways to get a command line wrong, with what is printed, in a golden file: each answer names the mistake, the value
/// and what to type. HUD_UPDATE_GOLDEN=1 writes it anew: read every line of the diff as the person who made the mistake.
/// </summary>
public sealed class WrongLinesTests
{
    private static readonly string[][] Lines =
    [
        ["hud"],
        ["hud", ""],
        ["hud", "--target", ""],
        ["hud", "surely-no-such-process"],
        ["hud", "4194399"],
        ["hud", "--pid", "0"],
        ["hud", "--pid", "-5"],
        ["hud", "--pid", "checkout"],
        ["hud", "--pid", "99999999999"],
        ["hud", "--target", "/no/such/program"],
        ["hud", "checkout", "payments"],
        ["hud", "--treshold", "5", "checkout"],
        ["hud", "checkout", "--treads"],
        ["hud", "checkout", "-x"],
        ["hud", "checkout", "--threshold", "five"],
        ["hud", "checkout", "--threshold", "5 ms"],
        ["hud", "checkout", "--threshold", "-5"],
        ["hud", "--pid", "1", "--threshold", "10us"],
        ["hud", "checkout", "--threshold"],
        ["hud", "checkout", "--threshold", "5", "--threshold", "6"],
        ["hud", "checkout", "--duration", "soon"],
        ["hud", "--pid", "1", "--duration", "48h"],
        ["hud", "--pid", "1", "--budget", "50"],
        ["hud", "checkout", "--budget", "little"],
        ["hud", "checkout", "--frequency", "1.5"],
        ["hud", "--pid", "1", "--window", "3h"],
        ["hud", "checkout", "--metrics", "9464"],
        ["hud", "checkout", "--metrics", "metrics.example:9464"],
        ["hud", "--pid", "1", "--metrics", "192.0.2.1:9464"],
        ["hud", "checkout", "-o", "jsn"],
        ["hud", "checkout", "--export", "report.docx"],
        ["hud", "checkout", "--export", "report"],
        ["hud", "--pid", "1", "--export", "/nonexistent/report.html"],
        ["hud", "checkout", "--debug-dir", "/no/such/folder"],
        ["hud", "checkout", "--debuginfod", "debug.example"],
        ["hud", "docter"],
        ["hud", "showw", "report.json"],
        ["hud", "doctor", "checkout"],
        ["hud", "show"],
        ["hud", "show", "/no/such/report.json"],
        ["hud", "show", "report.json", "--export", "/nonexistent/report.html"],
        ["hud", "diff", "before.json"],
        ["hud", "diff", "-", "-"],
        ["hud", "run"],
        ["hud", "run", "-f", "/no/such/session.yaml"],
        ["hud", "completion", "bsh"],
        ["hud", "help", "shwo"],
        ["hud", "kubectl", "rnu", "deploy/checkout"],
        ["hud", "kubectl", "run"],
        ["hud", "kubectl", "run", "checkout"],
        ["hud", "kubectl", "run", "deploy/"],
        ["hud", "kubectl", "run", "/checkout"],
        ["hud", "kubectl", "run", "service/checkout"],
        ["hud", "kubectl", "run", "deploy/checkout", "--max-pods", "200"],
        ["hud", "kubectl", "export", "checkout-p99", "/nonexistent/report.html"],
        ["hud", "kubectl", "open", "checkout-p99", "--save", "/nonexistent/page.html"],
        ["hud", "completion", "-q"],
        ["hud", "kubectl", "run", "deploy/checkout", "-l", "app=checkout"],
        ["hud", "kubectl", "run", "deploy/checkout", "-d", "2h"],
        ["hud", "kubectl", "run", "deploy/checkout", "--max-pods", "many"],
        ["hud", "kubectl", "describe"],
        ["hud", "kubectl", "export", "checkout-p99", "report.docx"],
        ["hud", "kubectl", "get"],
    ];

    [Fact]
    public void Each_wrong_line_is_answered_as_in_the_golden_file()
    {
        string actual = string.Concat(Lines.AsParallel().AsOrdered().WithDegreeOfParallelism(2).Select(Answer));
        string path = Path.Combine(Folder(), "WrongLines.txt");
        if (Environment.GetEnvironmentVariable("HUD_UPDATE_GOLDEN") == "1")
            File.WriteAllText(path, actual);

        Assert.InRange(Lines.Length, 40, 100);
        Assert.Equal(File.ReadAllText(path), actual);
        // no word of the language that hud is written in
        foreach (string word in new[] { "System.", "Int32", "Double", "Exception", "Parameter" })
            Assert.DoesNotContain(word, actual, StringComparison.Ordinal);
    }

    private static string Answer(string[] line)
    {
        using var hud = new HudProcess(
            null,
            line[1..],
            new() { ["HUD_KUBECTL"] = "/no/such/kubectl", ["SUDO_COMMAND"] = "" }
        );
        hud.Input.Close();
        var (exit, output, error) = hud.Wait();
        var text = new StringBuilder("$");
        foreach (string word in line)
            text.Append(' ')
                .Append(word.Length == 0 || word.Contains(' ', StringComparison.Ordinal) ? $"\"{word}\"" : word);
        // every wrong line is answered on stderr, with a next step
        Assert.True(exit != 0 && output.Length == 0, $"{text} ended with {exit} and printed {output}");
        Assert.Contains("\n  next: ", error, StringComparison.Ordinal);
        return text.Append('\n').Append(error).Append($"exit code {exit}\n\n").ToString();
    }

    private static string Folder([CallerFilePath] string caller = "") => Path.GetDirectoryName(caller)!;
}
