using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hud.Metrics.Dashboard;

/// <summary>
/// <see cref="HudDashboard"/> in Grafana's classic model of dashboards, which files, ConfigMaps and the import all take
/// (https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/).
/// </summary>
public static class DashboardJson
{
    /// <summary>That of Grafana 11. Newer ones take it and bring it up to date themselves; an older one reads no newer.</summary>
    private const int SchemaVersion = 39;

    private const int Columns = 24;

    private static readonly JsonWriterOptions Layout = new()
    {
        Indented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string Write()
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, Layout))
            Build().WriteTo(writer);
        return Encoding.UTF8.GetString(bytes.ToArray()) + "\n";
    }

    private static JsonObject Build() =>
        new()
        {
            ["uid"] = HudDashboard.Uid,
            ["title"] = HudDashboard.Title,
            ["description"] = "Written from the metrics of Hud's agents (docs/metrics.md).",
            ["tags"] = List("hud", "tokio", "prometheus"),
            ["schemaVersion"] = SchemaVersion,
            ["version"] = 1,
            ["editable"] = true,
            ["graphTooltip"] = 1, // one crosshair for all panels
            ["refresh"] = "30s",
            ["time"] = new JsonObject { ["from"] = "now-1h", ["to"] = "now" },
            ["timezone"] = "browser",
            ["style"] = "dark",
            ["annotations"] = new JsonObject { ["list"] = new JsonArray() },
            ["links"] = new JsonArray(),
            ["templating"] = new JsonObject
            {
                ["list"] = new JsonArray([DataSourceVariable(), .. HudDashboard.Variables.Select(Variable)]),
            },
            ["panels"] = new JsonArray([.. Panels()]),
        };

    private static JsonObject Source() =>
        new() { ["type"] = "prometheus", ["uid"] = $"${{{HudDashboard.DataSource}}}" };

    private static JsonObject DataSourceVariable() =>
        new()
        {
            ["type"] = "datasource",
            ["name"] = HudDashboard.DataSource,
            ["label"] = "Data source",
            ["query"] = "prometheus",
            ["regex"] = "",
            ["refresh"] = 1,
            ["hide"] = 0,
            ["includeAll"] = false,
            ["multi"] = false,
            ["options"] = new JsonArray(),
        };

    /// <summary>"All" also means series without the label: on one machine there are no namespaces.</summary>
    private static JsonObject Variable(DashboardVariable variable) =>
        new()
        {
            ["type"] = "query",
            ["name"] = variable.Name,
            ["label"] = variable.Label,
            ["datasource"] = Source(),
            ["definition"] = variable.Values,
            ["query"] = new JsonObject { ["query"] = variable.Values, ["refId"] = "A" },
            ["regex"] = "",
            ["refresh"] = 2, // with the range of time
            ["sort"] = 1,
            ["hide"] = 0,
            ["includeAll"] = true,
            ["allValue"] = ".*",
            ["multi"] = true,
            ["current"] = new JsonObject { ["text"] = List("All"), ["value"] = List("$__all") },
            ["options"] = new JsonArray(),
        };

    private static IEnumerable<JsonObject> Panels()
    {
        int id = 0,
            y = 0;
        foreach (var row in HudDashboard.Rows)
        {
            if (row.Title.Length > 0)
            {
                yield return new JsonObject
                {
                    ["id"] = ++id,
                    ["type"] = "row",
                    ["title"] = row.Title,
                    ["collapsed"] = false,
                    ["gridPos"] = Place(0, y, Columns, 1),
                    ["panels"] = new JsonArray(),
                };
                y++;
            }

            int x = 0;
            foreach (var panel in row.Panels)
            {
                yield return Panel(panel, ++id, Place(x, y, panel.Width, row.Height));
                x += panel.Width;
            }

            y += row.Height;
        }
    }

    private static JsonObject Place(int x, int y, int width, int height) =>
        new()
        {
            ["x"] = x,
            ["y"] = y,
            ["w"] = width,
            ["h"] = height,
        };

    private static JsonObject Panel(DashboardPanel panel, int id, JsonObject place)
    {
        var json = new JsonObject
        {
            ["id"] = id,
            ["type"] = panel.Kind switch
            {
                PanelKind.Stat => "stat",
                PanelKind.StateTimeline => "state-timeline",
                PanelKind.Table => "table",
                _ => "timeseries",
            },
            ["title"] = panel.Title,
            ["description"] = panel.Description,
            ["datasource"] = Source(),
            ["gridPos"] = place,
            ["fieldConfig"] = new JsonObject { ["defaults"] = Field(panel), ["overrides"] = new JsonArray() },
            ["options"] = Options(panel.Kind),
            ["targets"] = new JsonArray([.. panel.Queries.Select((q, i) => Target(panel, q, i))]),
        };
        if (panel.Kind == PanelKind.Table)
            json["transformations"] = new JsonArray(Organize(panel.Columns));
        return json;
    }

    private static JsonObject Target(DashboardPanel panel, PanelQuery query, int index)
    {
        bool now = panel.Kind is PanelKind.Table or PanelKind.Stat;
        return new JsonObject
        {
            ["refId"] = ((char)('A' + index)).ToString(),
            ["datasource"] = Source(),
            ["editorMode"] = "code",
            ["expr"] = query.Expression,
            ["legendFormat"] = query.Legend,
            ["instant"] = now,
            ["range"] = !now,
            ["format"] = panel.Kind == PanelKind.Table ? "table" : "time_series",
            ["exemplar"] = panel.Exemplars,
        };
    }

    private static JsonObject Field(DashboardPanel panel)
    {
        var field = new JsonObject
        {
            ["unit"] = panel.Unit,
            ["color"] = new JsonObject
            {
                ["mode"] = panel.Thresholds.Count > 0 || panel.States.Count > 0 ? "thresholds" : "palette-classic",
            },
            ["thresholds"] = new JsonObject
            {
                ["mode"] = "absolute",
                ["steps"] = new JsonArray([
                    .. (panel.Thresholds.Count > 0 ? panel.Thresholds : [new PanelThreshold(0, "text")]).Select(
                        (t, i) =>
                            new JsonObject { ["color"] = t.Color, ["value"] = i == 0 ? null : JsonValue.Create(t.From) }
                    ),
                ]),
            },
            ["mappings"] = new JsonArray([.. panel.States.Select(Mapping)]),
            ["custom"] = Custom(panel),
        };
        if (panel.NoValue is { } text)
            field["noValue"] = text;
        if (panel.Kind == PanelKind.TimeSeries && !panel.Signed)
            field["min"] = 0;
        return field;
    }

    private static JsonObject Mapping(PanelState state, int index) =>
        new()
        {
            ["type"] = "value",
            ["options"] = new JsonObject
            {
                [state.Value.ToString(System.Globalization.CultureInfo.InvariantCulture)] = new JsonObject
                {
                    ["text"] = state.Text,
                    ["color"] = state.Color,
                    ["index"] = index,
                },
            },
        };

    private static JsonObject Custom(DashboardPanel panel) =>
        panel.Kind switch
        {
            PanelKind.TimeSeries => new JsonObject
            {
                ["drawStyle"] = "line",
                ["lineWidth"] = 1,
                ["fillOpacity"] = panel.Stacked ? 40 : 8,
                ["showPoints"] = "never",
                ["spanNulls"] = false,
                ["stacking"] = new JsonObject { ["mode"] = panel.Stacked ? "normal" : "none", ["group"] = "A" },
            },
            PanelKind.StateTimeline => new JsonObject { ["fillOpacity"] = 70, ["lineWidth"] = 0 },
            PanelKind.Table => new JsonObject
            {
                ["align"] = "auto",
                ["cellOptions"] = new JsonObject { ["type"] = panel.Thresholds.Count > 0 ? "color-text" : "auto" },
            },
            _ => [],
        };

    private static JsonObject Options(PanelKind kind) =>
        kind switch
        {
            PanelKind.Stat => new JsonObject
            {
                ["colorMode"] = "value",
                ["graphMode"] = "none",
                ["justifyMode"] = "auto",
                ["orientation"] = "auto",
                ["textMode"] = "auto",
                ["wideLayout"] = true,
                ["reduceOptions"] = new JsonObject
                {
                    ["calcs"] = List("lastNotNull"),
                    ["fields"] = "",
                    ["values"] = false,
                },
            },
            PanelKind.StateTimeline => new JsonObject
            {
                ["showValue"] = "auto",
                ["mergeValues"] = true,
                ["rowHeight"] = 0.8,
                ["alignValue"] = "left",
                ["legend"] = Legend(),
                ["tooltip"] = new JsonObject { ["mode"] = "single", ["sort"] = "none" },
            },
            PanelKind.Table => new JsonObject { ["showHeader"] = true, ["cellHeight"] = "sm" },
            _ => new JsonObject
            {
                ["legend"] = Legend(),
                ["tooltip"] = new JsonObject { ["mode"] = "multi", ["sort"] = "desc" },
            },
        };

    private static JsonObject Legend() =>
        new()
        {
            ["showLegend"] = true,
            ["displayMode"] = "list",
            ["placement"] = "bottom",
            ["calcs"] = new JsonArray(),
        };

    /// <summary>Columns in order and with names for people; time is the same everywhere.</summary>
    private static JsonObject Organize(IReadOnlyList<(string Label, string Name)> columns)
    {
        var hidden = new JsonObject { ["Time"] = true };
        var order = new JsonObject();
        var names = new JsonObject();
        foreach (var (i, (label, name)) in columns.Index())
        {
            if (name.Length == 0)
            {
                hidden[label] = true;
                continue;
            }

            order[label] = i;
            names[label] = name;
        }

        return new JsonObject
        {
            ["id"] = "organize",
            ["options"] = new JsonObject
            {
                ["excludeByName"] = hidden,
                ["indexByName"] = order,
                ["renameByName"] = names,
            },
        };
    }

    private static JsonArray List(params ReadOnlySpan<string> texts)
    {
        var list = new JsonArray();
        foreach (string text in texts)
            list.Add((JsonNode)text);
        return list;
    }
}
