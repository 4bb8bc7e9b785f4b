using System.Globalization;
using Hud.Cli.Run;

namespace Hud.Cli.Local;

/// <summary>Several processes match and a person is there: a numbered list, and a question.</summary>
internal static class ProcessPicker
{
    private const int MaxListed = 20;

    /// <summary>Null where there is no user to answer.</summary>
    public static Func<IReadOnlyList<ProcessEntry>, ProcessEntry?>? OnTerminal =>
        Terminal.ErrorIsTerminal && !Console.IsInputRedirected
            ? matches => Pick(matches, Console.In, Console.Error)
            : null;

    /// <summary>Null for an empty line or the end of the input: nothing was picked.</summary>
    public static ProcessEntry? Pick(IReadOnlyList<ProcessEntry> matches, TextReader input, TextWriter output)
    {
        var listed = matches.Take(MaxListed).ToList();
        output.WriteLine($"{matches.Count} processes match:");
        for (int i = 0; i < listed.Count; i++)
            output.WriteLine($"{i + 1, 4} {ProcessResolver.Line(listed[i])}");
        if (matches.Count > listed.Count)
            output.WriteLine($"     and {matches.Count - listed.Count} more; hud --pid names any of them");
        while (true)
        {
            output.Write($"Which one? 1-{listed.Count}, or Enter to stop: ");
            output.Flush();
            string answer = input.ReadLine()?.Trim() ?? "";
            if (answer.Length == 0)
                return null;
            if (
                int.TryParse(answer, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                && number >= 1
                && number <= listed.Count
            )
                return listed[number - 1];
        }
    }
}
