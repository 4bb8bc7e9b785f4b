using Hud.Core.Profile;

namespace Hud.Reports.Page.Sections;

/// <summary>Where a hotspot that something else names stands on the page.</summary>
internal static class HotspotPlaces
{
    /// <summary>The index of each hotspot that is there in full.</summary>
    public static IReadOnlyDictionary<HotspotIdentity, int> Of(IReadOnlyList<Hotspot> hotspots)
    {
        var places = new Dictionary<HotspotIdentity, int>();
        foreach (var (i, hotspot) in hotspots.Take(HotspotSection.MaxDetails).Index())
        {
            if (hotspot.Identity() is { IsKnown: true } identity)
                places.TryAdd(identity, i);
        }

        return places;
    }
}
