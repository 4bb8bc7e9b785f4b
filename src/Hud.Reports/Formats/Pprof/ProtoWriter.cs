using System.Text;

namespace Hud.Reports.Formats.Pprof;

/// <summary>
/// The protobuf wire format as far as a profile needs it: varints, strings, nested messages, packed numbers.
/// A key is <c>field number &lt;&lt; 3 | wire type</c>; type 0 is a varint, type 2 is length-delimited.
/// </summary>
internal sealed class ProtoWriter
{
    private const int Varint = 0;
    private const int Delimited = 2;

    private byte[] _bytes = new byte[256];
    private int _length;

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _length);

    public void Clear() => _length = 0;

    /// <summary>Zero is the default and is not written.</summary>
    public void Number(int field, long value)
    {
        if (value == 0)
            return;
        Key(field, Varint);
        Raw((ulong)value);
    }

    public void Flag(int field, bool value) => Number(field, value ? 1 : 0);

    /// <summary>Written even when empty: an element of a repeated field counts by its place.</summary>
    public void Text(int field, string value)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(value);
        Bytes(field, utf8);
    }

    public void Message(int field, ProtoWriter message) => Bytes(field, message.Written);

    /// <summary>Fields already written elsewhere, at this level.</summary>
    public void Append(ProtoWriter fields) => Copy(fields.Written);

    public void Packed(int field, IReadOnlyList<long> values)
    {
        if (values.Count == 0)
            return;
        var packed = new ProtoWriter();
        foreach (long value in values)
            packed.Raw((ulong)value);
        Bytes(field, packed.Written);
    }

    private void Bytes(int field, ReadOnlySpan<byte> bytes)
    {
        Key(field, Delimited);
        Raw((ulong)bytes.Length);
        Copy(bytes);
    }

    private void Copy(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(_length));
        _length += bytes.Length;
    }

    private void Key(int field, int type) => Raw((ulong)((field << 3) | type));

    private void Raw(ulong value)
    {
        Reserve(10);
        while (value >= 0x80)
        {
            _bytes[_length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _bytes[_length++] = (byte)value;
    }

    private void Reserve(int more)
    {
        if (_length + more > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + more));
    }
}
