using Hud.Core.Profile;
using Hud.Reports.Flame;

namespace Hud.Reports.Formats.Pprof;

/// <summary>Strings, functions and locations of one profile, each once, numbered as the format wants: strings from 0, ids from 1.</summary>
internal sealed class PprofTables
{
    // field numbers of profile.proto, messages Profile, Location, Line and Function
    private const int ProfileLocation = 4;
    private const int ProfileFunction = 5;
    private const int ProfileString = 6;

    private readonly Dictionary<string, long> _strings = new(StringComparer.Ordinal) { [""] = 0 };
    private readonly List<string> _stringList = [""];
    private readonly Dictionary<(string, string), long> _functions = [];
    private readonly Dictionary<string, long> _locations = new(StringComparer.Ordinal);
    private readonly ProtoWriter _out = new();

    public long String(string text)
    {
        if (!_strings.TryGetValue(text, out long index))
        {
            _strings[text] = index = _stringList.Count;
            _stringList.Add(text);
        }

        return index;
    }

    /// <summary>Location ids of a stack, leaf first. Inlined frames share a location with the frame they are inlined into.</summary>
    public List<long> Stack(IReadOnlyList<ProfileFrame> frames)
    {
        var ids = new List<long>(frames.Count);
        var lines = new List<(long Function, int Line)>();
        for (int i = 0; i < frames.Count; i++)
        {
            var (file, line) = StackNames.Location(frames[i].Location);
            lines.Add((Function(StackNames.Frame(frames[i]), file), line));
            if (frames[i].Inlined && i + 1 < frames.Count)
                continue;
            ids.Add(Location(lines));
            lines.Clear();
        }

        return ids;
    }

    public void WriteTo(ProtoWriter profile)
    {
        profile.Append(_out);
        foreach (string text in _stringList)
            profile.Text(ProfileString, text);
    }

    private long Function(string name, string file)
    {
        if (_functions.TryGetValue((name, file), out long id))
            return id;
        _functions[(name, file)] = id = _functions.Count + 1;
        var function = new ProtoWriter();
        function.Number(1, id);
        function.Number(2, String(name));
        function.Number(3, String(name));
        function.Number(4, String(file));
        _out.Message(ProfileFunction, function);
        return id;
    }

    private long Location(List<(long Function, int Line)> lines)
    {
        string key = string.Join(',', lines.Select(l => $"{l.Function}:{l.Line}"));
        if (_locations.TryGetValue(key, out long id))
            return id;
        _locations[key] = id = _locations.Count + 1;
        var location = new ProtoWriter();
        location.Number(1, id);
        location.Number(2, 1);
        foreach (var (function, number) in lines)
        {
            var line = new ProtoWriter();
            line.Number(1, function);
            line.Number(2, number);
            location.Message(4, line);
        }

        _out.Message(ProfileLocation, location);
        return id;
    }
}
