using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Hud.Elf;

namespace Hud.NodeAgent.Run;

/// <summary>
/// A small JSON list in a file that somebody else writes. It is opened anew at each look: files of the downward API are replaced by a symbolic link
/// that changes all at once. What can't be read, or is no such list, is told once, until there is a good one again, and the last good list stays.
/// </summary>
/// <param name="maxBytes">A larger file is none.</param>
/// <param name="problem">Of an entry: what is wrong with it; null for a good one.</param>
/// <param name="bad">Told why the file is no list.</param>
internal sealed class ListFile<T>(
    string path,
    int maxBytes,
    JsonTypeInfo<IReadOnlyList<T?>> type,
    Func<T, string?> problem,
    Action<string> bad
)
    where T : class
{
    /// <summary>A file that is bad and good by turns is told so often in all: there is room for other warnings.</summary>
    private const int MaxTold = 10;

    private byte[]? _last;
    private bool _lastIsGood;
    private bool _isBad;
    private int _told;

    /// <returns>The list when it is another one than at the last look, else null.</returns>
    public IReadOnlyList<T>? Look()
    {
        if (Read(out string why) is not { } bytes)
        {
            Bad(why);
            return null;
        }

        if (_last is not null && bytes.AsSpan().SequenceEqual(_last))
        {
            _isBad = !_lastIsGood;
            return null;
        }

        (_last, _lastIsGood) = (bytes, false);
        try
        {
            var list = Checked(
                JsonSerializer.Deserialize(bytes, type) ?? throw new JsonException("it is null and not a list")
            );
            (_lastIsGood, _isBad) = (true, false);
            return list;
        }
        catch (JsonException e)
        {
            Bad(e.Message);
            return null;
        }
    }

    private byte[]? Read(out string why)
    {
        if (!FileByteSource.TryOpen(path, out var source, out why))
            return null;
        using (source)
        {
            if (source.Length > maxBytes)
            {
                why = $"it has {source.Length} bytes, and {maxBytes} are the most";
                return null;
            }

            byte[] bytes = new byte[source.Length];
            return bytes[..source.Read(0, bytes)];
        }
    }

    private List<T> Checked(IReadOnlyList<T?> read)
    {
        var list = new List<T>(read.Count);
        foreach (var entry in read)
        {
            if (entry is null)
                throw new JsonException("an entry is null");
            if (problem(entry) is { } wrong)
                throw new JsonException(wrong);
            list.Add(entry);
        }

        return list;
    }

    private void Bad(string why)
    {
        bool isTold = _isBad || _told >= MaxTold;
        _isBad = true;
        if (isTold)
            return;
        _told++;
        bad(why);
    }
}
