using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Hud.Cli.Session;
using Hud.Core.Api;
using Hud.Metrics.Http;

namespace Hud.Cli.Commands;

/// <summary>
/// Values of flags as people write them. Each refusal names the flag, what was written and what to write instead; the
/// parser's own messages name types.
/// </summary>
internal static class FlagValues
{
    /// <summary>Longer values are cut in messages: a whole file may have been pasted.</summary>
    private const int MaxShown = 40;

    private const string DurationForms = "write it like 30, 90s, 1m30s or 2h; a bare number is seconds";
    private const string ThresholdForms = "write it like 5ms, 500us or 0.1s; a bare number is milliseconds";

    /// <summary>A time whose bare number is seconds.</summary>
    public static Option<GoDuration?> Duration(string name, params string[] aliases) =>
        Parsed(name, aliases, text => ParseDuration(text, TimeSpan.FromSeconds(1)), "a duration", DurationForms);

    /// <summary>A time whose bare number is milliseconds.</summary>
    public static Option<GoDuration?> Milliseconds(string name) =>
        Parsed(name, [], text => ParseDuration(text, TimeSpan.FromMilliseconds(1)), "a duration", ThresholdForms);

    public static Option<double?> Number(string name, string example) =>
        Parsed<double?>(
            name,
            [],
            text =>
                double.TryParse(
                    text.TrimEnd('%'),
                    NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign,
                    CultureInfo.InvariantCulture,
                    out double number
                )
                    ? number
                    : null,
            "a number",
            $"write it like {example}"
        );

    /// <param name="beyond">What a number is that is too large for any such value, such as "too large for a process id".</param>
    public static Option<int?> Whole(
        string name,
        string example,
        string beyond = "too large",
        params string[] aliases
    ) =>
        Parsed<int?>(
            name,
            aliases,
            text =>
                int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number)
                    ? number
                    : null,
            text => IsWhole(text) ? beyond : "not a whole number",
            $"write it like {example}"
        );

    /// <summary>An address to listen on.</summary>
    public static Option<ListenAddress?> Address(string name) =>
        Parsed<ListenAddress>(name, [], ListenAddress.Parse, "an address to listen on", ListenAddress.Forms);

    /// <summary>One of a few words, which the Tab key offers.</summary>
    public static Option<string?> Choice(string name, string alias, params string[] words)
    {
        var option = new Option<string?>(name, alias) { HelpName = string.Join('|', words) };
        option.CompletionSources.Add(words);
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(t => !words.Contains(t.Value, StringComparer.Ordinal)))
                result.AddError($"{name}: {NoneOf(token.Value, words)}");
        });
        return option;
    }

    public static Option<T> With<T>(this Option<T> option, string helpName, string description)
    {
        option.HelpName = helpName;
        return option.With(description);
    }

    public static Option<T> With<T>(this Option<T> option, string description)
    {
        option.Description = description;
        return option;
    }

    public static Option<T> Hide<T>(this Option<T> option)
    {
        option.Hidden = true;
        return option;
    }

    /// <summary><c>"jsn" is not one of text, json, yaml; did you mean json?</c></summary>
    public static string NoneOf(string written, IReadOnlyList<string> words) =>
        $"\"{Shown(written)}\" is not one of {string.Join(", ", words)}"
        + (Suggestion.For(written, words) is { } near ? $"; did you mean {near}?" : "");

    /// <summary>Why a file cannot be read, without its path a second time where that is known.</summary>
    public static string Why(Exception e) =>
        e switch
        {
            FileNotFoundException or DirectoryNotFoundException => "there is no such file",
            UnauthorizedAccessException => "this user may not read it, or it is a folder",
            _ => e.Message,
        };

    /// <summary>A rule without the field's path in a file before it: who typed a flag has not seen that name.</summary>
    public static string Rule(string field, string message)
    {
        string path = field[(field.IndexOf('.', StringComparison.Ordinal) + 1)..] + " ";
        return message.StartsWith(path, StringComparison.Ordinal) ? message[path.Length..] : message;
    }

    private static bool IsWhole(string text) =>
        text.TrimStart('-') is { Length: > 0 } digits && digits.All(char.IsAsciiDigit);

    public static string Shown(string value)
    {
        string clean = Reports.Text.Printable.Clean(value);
        return clean.Length > MaxShown ? clean[..MaxShown] + "..." : clean;
    }

    /// <summary>A bare number counts <paramref name="bare"/>; anything else has units. Null for what is neither.</summary>
    public static GoDuration? ParseDuration(string text, TimeSpan bare)
    {
        if (
            decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number)
            && number < 1_000_000_000
        )
            return new GoDuration((long)(number * bare.Ticks * 100));
        return GoDuration.TryParse(text, out var duration) ? duration : null;
    }

    private static Option<T?> Parsed<T>(
        string name,
        string[] aliases,
        Func<string, T?> parse,
        string kind,
        string forms
    ) => Parsed(name, aliases, parse, _ => $"not {kind}", forms);

    /// <param name="wrong">What a text is that cannot be taken.</param>
    private static Option<T?> Parsed<T>(
        string name,
        string[] aliases,
        Func<string, T?> parse,
        Func<string, string> wrong,
        string forms
    ) =>
        new(name, aliases)
        {
            CustomParser = result =>
            {
                string text = result.Tokens.Count > 0 ? result.Tokens[^1].Value : "";
                var value = parse(text);
                if (value is null)
                    result.AddError($"{name}: \"{Shown(text)}\" is {wrong(text)}; {forms}");
                return value;
            },
        };
}
