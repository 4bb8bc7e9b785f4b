using Hud.Core.Profile;
using Hud.Core.Stream;

namespace Hud.Operator.Streams;

/// <summary>
/// One agent's profile as it waits for its session to end: compressed, and known to be readable. Of its content only what the status shows
/// of each target is at hand.
/// </summary>
/// <param name="Bytes">Compressed.</param>
public sealed record PackedProfile(byte[] Bytes, IReadOnlyList<TargetProfile> Targets)
{
    public static PackedProfile Of(ProfileDocument document)
    {
        var (fitted, compressed) = ProfileFitter.Fit(document, StreamLimits.MaxCompressedProfileBytes);
        return new PackedProfile(compressed, fitted.Targets);
    }

    /// <exception cref="InvalidDataException">It cannot be read after all.</exception>
    public ProfileDocument Open() =>
        ProfilePack.Open(Bytes, out _, out var error) ?? throw new InvalidDataException(error);
}
