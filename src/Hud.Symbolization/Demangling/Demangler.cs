namespace Hud.Symbolization;

/// <summary>A symbol as people read it. What no scheme claims comes back unchanged.</summary>
public static class Demangler
{
    public static string Demangle(string symbol)
    {
        if (RustDemangler.TryDemangle(symbol, RustStyle.Short, out var rust))
        {
            return rust;
        }

        return CppNames.TryRead(symbol, out var cpp) ? cpp : symbol;
    }
}
