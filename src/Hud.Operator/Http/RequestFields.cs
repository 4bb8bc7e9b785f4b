using System.Globalization;

namespace Hud.Operator.Http;

/// <summary>The first line and the header fields of a request, as far as a server with one page needs them. Pure.</summary>
internal sealed class RequestFields
{
    private readonly List<(string Name, string Value)> _fields = [];

    private RequestFields(string method, string path) => (Method, Path) = (method, path);

    public string Method { get; }

    /// <summary>Without its query.</summary>
    public string Path { get; }

    /// <param name="head">Up to the empty line.</param>
    /// <returns>Null for what is no HTTP/1 request.</returns>
    public static RequestFields? TryParse(string head)
    {
        var lines = head.Split("\r\n");
        if (lines[0].Split(' ') is not [var method, var target, "HTTP/1.1" or "HTTP/1.0"])
            return null;
        var request = new RequestFields(method, target.Split('?')[0]);
        foreach (var line in lines.Skip(1).TakeWhile(l => l.Length > 0))
        {
            // a space before the colon, and lines that go on in the next, are what servers and proxies read in different ways
            if (
                line.IndexOf(':', StringComparison.Ordinal) is var colon
                && (colon < 1 || line[colon - 1] is ' ' or '\t' || line[0] is ' ' or '\t')
            )
                return null;
            request._fields.Add((line[..colon], line[(colon + 1)..].Trim()));
        }
        return request;
    }

    public bool Has(string name) => _fields.Exists(f => f.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <returns>Null where it is not there, or there twice with two values.</returns>
    public string? this[string name]
    {
        get
        {
            var values = _fields
                .FindAll(f => f.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                .Select(f => f.Value)
                .Distinct(StringComparer.Ordinal)
                .ToList();
            return values.Count == 1 ? values[0] : null;
        }
    }

    /// <summary>Bytes of the body; null where its length is not said in advance, or cannot be read. One that no long holds is the longest.</summary>
    public long? ContentLength =>
        Has("Transfer-Encoding") || this["Content-Length"] is not { Length: > 0 } text || !text.All(char.IsAsciiDigit)
            ? null
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var length) ? length
        : long.MaxValue;
}
