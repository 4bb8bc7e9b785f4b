namespace Hud.Symbolization;

/// <summary>Bounds for names that come out of a target's binary. Both schemes can describe exponentially long names in a
/// few hundred bytes (back references), and arbitrarily deep ones.</summary>
public static class DemangleLimits
{
    /// <summary>Longer names are shown as they are. The longest symbol of rustc's own driver library has about 20,000 bytes.</summary>
    public const int MaxInput = 64 * 1024;

    /// <summary>Characters. A name that would grow longer is cut and ends in <see cref="Cut"/>.</summary>
    public const int MaxOutput = 32 * 1024;

    /// <summary>Nested paths, types and constants; the same bound as the reference implementation, so what it reads we read.</summary>
    public const int MaxDepth = 500;

    /// <summary>Grammar nodes visited for one name, printed or not.</summary>
    public const int MaxSteps = 1_000_000;

    public const string Cut = "…";
}
