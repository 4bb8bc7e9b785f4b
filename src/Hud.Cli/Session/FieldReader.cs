using Hud.Core.Api;

namespace Hud.Cli.Session;

/// <summary>Collects errors, and remembers where each field was written so that later checks can name the line.</summary>
internal sealed class FieldContext
{
    private readonly Dictionary<string, (int Line, int Column)> _places = new(StringComparer.Ordinal);

    public List<SessionFileError> Errors { get; } = [];

    /// <summary>The first place stays: a field's key stands before its value.</summary>
    public void Place(string path, YamlValue value) => _places.TryAdd(path, (value.Line, value.Column));

    public void Fail(YamlValue at, string path, string message) => Errors.Add(new(at.Line, at.Column, path, message));

    /// <summary>Unless the field was refused already. The line of the field, or of the nearest field above it that was written.</summary>
    public void FailAt(string path, string message)
    {
        if (Errors.Any(e => e.Field == path))
            return;
        string known = path;
        while (known.Length > 0 && !_places.ContainsKey(known))
            known = known.LastIndexOf('.') is var dot and > 0 ? known[..dot] : "";
        var (line, column) = _places.GetValueOrDefault(known, (1, 1));
        Errors.Add(new(line, column, path, message));
    }
}

/// <summary>Takes the fields of one mapping by name and type; what was not taken is an unknown field.</summary>
internal sealed class FieldReader
{
    private readonly FieldContext _context;
    private readonly string _path;
    private readonly Dictionary<string, (YamlText Key, YamlValue Value)> _left = new(StringComparer.Ordinal);
    private readonly List<string> _known = [];

    public FieldReader(FieldContext context, YamlMap map, string path)
    {
        (_context, _path) = (context, path);
        context.Place(path, map);
        foreach (var (key, value) in map.Entries)
            _left[key.Value] = (key, value);
    }

    public string? Text(string name)
    {
        if (Take(name) is not { } value)
            return null;
        if (value is YamlText text && (!text.Plain || (!text.IsBool && !text.TryNumber(out _))))
            return text.Value;
        Fail(value, name, "must be a text; put it in quotes");
        return null;
    }

    public GoDuration? Duration(string name)
    {
        if (Take(name) is not { } value)
            return null;
        if (value is YamlText text && GoDuration.TryParse(text.Value, out var duration) && !text.TryNumber(out _))
            return duration;
        Fail(value, name, $"{Shown(value)} is not a duration; write it like 90s, 1m30s or 250ms");
        return null;
    }

    public int? Int(string name)
    {
        if (Take(name) is not { } value)
            return null;
        if (
            value is YamlText text
            && text.TryNumber(out decimal number)
            && decimal.Truncate(number) == number
            && number is >= int.MinValue and <= int.MaxValue
        )
            return (int)number;
        Fail(value, name, $"{Shown(value)} is not a whole number; write it without quotes and units");
        return null;
    }

    public double? Number(string name)
    {
        if (Take(name) is not { } value)
            return null;
        if (value is YamlText text && text.TryNumber(out decimal number))
            return (double)number;
        Fail(value, name, $"{Shown(value)} is not a number; write it without quotes and units");
        return null;
    }

    public bool? Bool(string name)
    {
        if (Take(name) is not { } value)
            return null;
        if (value is YamlText { IsBool: true } text)
            return text.Value[0] is 't' or 'T';
        Fail(value, name, $"{Shown(value)} is neither true nor false");
        return null;
    }

    public FieldReader? Map(string name)
    {
        if (Take(name) is not { } value)
            return null;
        if (value is YamlMap map)
            return new FieldReader(_context, map, At(name));
        Fail(value, name, "must be a mapping of fields");
        return null;
    }

    /// <summary>Any mapping of texts, such as labels.</summary>
    public IReadOnlyDictionary<string, string>? Texts(string name)
    {
        if (Map(name) is not { } map)
            return null;
        return map
            ._left.Keys.ToList()
            .Select(k => (Key: k, Value: map.Text(k)))
            .Where(e => e.Value is not null)
            .ToDictionary(e => e.Key, e => e.Value!, StringComparer.Ordinal);
    }

    public IReadOnlyList<string>? TextList(string name)
    {
        if (List(name) is not { } items)
            return null;
        var texts = new List<string>();
        foreach (var item in items)
        {
            if (item is YamlText text && !text.IsNull && (!text.Plain || (!text.IsBool && !text.TryNumber(out _))))
                texts.Add(text.Value);
            else
                Fail(item, name, "every entry must be a text; put it in quotes");
        }

        return texts;
    }

    public IReadOnlyList<FieldReader>? MapList(string name)
    {
        if (List(name) is not { } items)
            return null;
        var maps = new List<FieldReader>();
        foreach (var item in items)
        {
            if (item is YamlMap map)
                maps.Add(new FieldReader(_context, map, $"{At(name)}[{maps.Count}]"));
            else
                Fail(item, name, "every entry must be a mapping of fields");
        }

        return maps;
    }

    public IReadOnlyList<TEnum>? EnumList<TEnum>(string name)
        where TEnum : struct, Enum
    {
        if (List(name) is not { } items)
            return null;
        var values = new List<TEnum>();
        foreach (var item in items)
        {
            if (item is YamlText text && Enum.GetNames<TEnum>().Contains(text.Value, StringComparer.Ordinal))
                values.Add(Enum.Parse<TEnum>(text.Value));
            else
                Fail(item, name, $"{Shown(item)} is not one of {string.Join(", ", Enum.GetNames<TEnum>())}");
        }

        return values;
    }

    /// <summary>Takes a field whose content is not ours to read.</summary>
    public void Ignore(string name) => Take(name);

    public void Fail(string name, string message) => _context.FailAt(At(name), message);

    /// <summary>Refuses every field that was not taken.</summary>
    public void End()
    {
        foreach (var (key, _) in _left.Values.OrderBy(e => e.Key.Line).ThenBy(e => e.Key.Column))
        {
            string near = Suggestion.For(key.Value, _known) is { } name
                ? $"did you mean {name}?"
                : $"fields here are {string.Join(", ", _known)}";
            _context.Fail(key, At(key.Value), $"unknown field; {near}");
        }
    }

    private IReadOnlyList<YamlValue>? List(string name)
    {
        if (Take(name) is not { } value)
            return null;
        if (value is YamlList list)
            return list.Items;
        Fail(value, name, "must be a list");
        return null;
    }

    private YamlValue? Take(string name)
    {
        _known.Add(name);
        if (!_left.Remove(name, out var entry))
            return null;
        _context.Place(At(name), entry.Key);
        return entry.Value is YamlText { IsNull: true } ? null : entry.Value;
    }

    private string At(string name) => _path.Length == 0 ? name : $"{_path}.{name}";

    private void Fail(YamlValue at, string name, string message) => _context.Fail(at, At(name), message);

    private static string Shown(YamlValue value) =>
        value is YamlText text ? "\"" + (text.Value.Length > 40 ? text.Value[..40] + "..." : text.Value) + "\""
        : value is YamlList ? "a list"
        : "a mapping";
}
