using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Hud.Cli.Session;

/// <summary>A YAML value with the place it was written at (lines and columns count from 1).</summary>
internal abstract record YamlValue(int Line, int Column);

internal sealed record YamlText(string Value, bool Plain, int Line, int Column) : YamlValue(Line, Column)
{
    public bool IsNull => Plain && Value is "" or "~" or "null" or "Null" or "NULL";

    public bool IsBool => Plain && Value is "true" or "True" or "TRUE" or "false" or "False" or "FALSE";

    /// <summary>The core schema's numbers, decimal only.</summary>
    public bool TryNumber(out decimal number)
    {
        number = 0;
        return Plain
            && decimal.TryParse(
                Value,
                NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent,
                CultureInfo.InvariantCulture,
                out number
            );
    }
}

internal sealed record YamlList(IReadOnlyList<YamlValue> Items, int Line, int Column) : YamlValue(Line, Column);

internal sealed record YamlMap(IReadOnlyList<(YamlText Key, YamlValue Value)> Entries, int Line, int Column)
    : YamlValue(Line, Column);

/// <summary>
/// Reads one YAML document into a tree that knows its lines. Aliases, merges and tags are refused: a session needs none of
/// them, and an alias in an alias in an alias is how a small file becomes a huge one.
/// </summary>
internal static class YamlTree
{
    public const int MaxBytes = 256 * 1024;
    public const int MaxDepth = 32;
    public const int MaxValues = 10_000;

    /// <exception cref="SessionFileException">With line and column.</exception>
    public static YamlValue Read(string text)
    {
        if (text.Length > MaxBytes)
            throw Error(1, 1, $"the file is larger than {MaxBytes / 1024} KiB");
        var parser = new Parser(new StringReader(text));
        try
        {
            parser.Consume<StreamStart>();
            if (parser.Current is StreamEnd)
                throw Error(1, 1, "the file is empty");
            parser.Consume<DocumentStart>();
            int values = 0;
            var root = ReadValue(parser, 0, ref values);
            parser.Consume<DocumentEnd>();
            if (parser.Current is DocumentStart second)
                throw Error(second.Start, "the file holds more than one document; keep one ProfilingSession per file");
            return root;
        }
        catch (YamlException e)
        {
            throw Error(e.Start, "this is not YAML: " + FirstSentence(e.Message));
        }
        catch (Exception e)
            when (e
                    is InvalidOperationException
                        or ArgumentException
                        or IndexOutOfRangeException
                        or NullReferenceException
            )
        {
            // the library's scanner gives up like this on some control characters
            throw Error(parser.Current?.End ?? Mark.Empty, "this is not YAML from here on");
        }
    }

    private static YamlValue ReadValue(Parser parser, int depth, ref int values)
    {
        var at = parser.Current!.Start;
        if (depth > MaxDepth)
            throw Error(at, $"nested deeper than {MaxDepth} levels");
        if (++values > MaxValues)
            throw Error(at, $"more than {MaxValues} values");
        if (
            parser.Current
            is NodeEvent { Tag.IsEmpty: false, Tag.IsNonSpecific: false }
                or NodeEvent { Anchor.IsEmpty: false }
                or AnchorAlias
        )
            throw Error(at, "anchors, aliases and tags are not used here; write the value out");

        int line = (int)at.Line,
            column = (int)at.Column;
        if (parser.TryConsume<Scalar>(out var scalar))
            return new YamlText(scalar.Value, scalar.Style == ScalarStyle.Plain, line, column);
        if (parser.TryConsume<SequenceStart>(out _))
        {
            var items = new List<YamlValue>();
            while (!parser.TryConsume<SequenceEnd>(out _))
                items.Add(ReadValue(parser, depth + 1, ref values));
            return new YamlList(items, line, column);
        }

        parser.Consume<MappingStart>();
        var entries = new List<(YamlText, YamlValue)>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var keyAt = parser.Current!.Start;
            if (ReadValue(parser, depth + 1, ref values) is not YamlText key)
                throw Error(keyAt, "a key must be a plain word");
            if (!seen.Add(key.Value))
                throw new SessionFileException([
                    new(key.Line, key.Column, key.Value, "the field is written twice; keep one"),
                ]);
            entries.Add((key, ReadValue(parser, depth + 1, ref values)));
        }

        return new YamlMap(entries, line, column);
    }

    private static string FirstSentence(string message)
    {
        // "(Line: 3, Col: 5, Idx: 40) - (Line: ...): While parsing ..." in some versions; the place is shown by us
        int colon = message.StartsWith('(') ? message.IndexOf("): ", StringComparison.Ordinal) : -1;
        return (colon < 0 ? message : message[(colon + 3)..]).TrimEnd('.');
    }

    private static SessionFileException Error(Mark at, string message) => Error((int)at.Line, (int)at.Column, message);

    private static SessionFileException Error(int line, int column, string message) =>
        new([new(line, column, "", message)]);
}
