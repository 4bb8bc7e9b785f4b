namespace Hud.ScriptedAgent;

/// <summary>Spoils the stream on its way out.</summary>
internal sealed class Spoiler(System.IO.Stream inner, string how) : MemoryStream
{
    private int _lines;

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        var text = System.Text.Encoding.UTF8.GetString(buffer);
        // the first progress, after hello and one target: it comes however late the machine is, and the profile does not come in its place
        if (text.Length > 1 && ++_lines == 3 && how == "gap")
            return;
        if (how == "bad-hash" && text.Contains("\"sha256\":\"", StringComparison.Ordinal))
            text = text.Replace("\"sha256\":\"", "\"sha256\":\"0", StringComparison.Ordinal);
        inner.Write(System.Text.Encoding.UTF8.GetBytes(text));
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush() => inner.Flush();
}
