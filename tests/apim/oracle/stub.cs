// What policy expressions see, for the C# compiler: contexts are read from JSON, and every case runs in every one of them.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

public class Body {
    string text;
    public Body(string text) { this.text = text; }
    public T As<T>(bool preserveContent = false) {
        string taken = text;
        if (!preserveContent) text = null;
        if (taken == null) return default(T);
        object made = typeof(T) == typeof(string) ? (object)taken
            : typeof(T) == typeof(JObject) ? JObject.Parse(taken)
            : typeof(T) == typeof(JArray) ? JArray.Parse(taken)
            : typeof(T) == typeof(byte[]) ? Encoding.UTF8.GetBytes(taken)
            : (object)JToken.Parse(taken);
        return (T)made;
    }
}

public class Url {
    public string Scheme { get; set; }
    public string Host { get; set; }
    public int Port { get; set; }
    public string Path { get; set; }
    public string QueryString { get; set; }
    public IReadOnlyDictionary<string, string[]> Query { get; set; }
}

public class Request {
    public string Method { get; set; }
    public string IpAddress { get; set; }
    public Url Url { get; set; }
    public Url OriginalUrl { get; set; }
    public IReadOnlyDictionary<string, string[]> Headers { get; set; }
    public IReadOnlyDictionary<string, string> MatchedParameters { get; set; }
    public Body Body { get; set; }
}

public class Response {
    public int StatusCode { get; set; }
    public string StatusReason { get; set; }
    public IReadOnlyDictionary<string, string[]> Headers { get; set; }
    public Body Body { get; set; }
}

public class LastError {
    public string Source { get; set; }
    public string Reason { get; set; }
    public string Message { get; set; }
    public string Scope { get; set; }
    public string Section { get; set; }
    public string Path { get; set; }
    public string PolicyId { get; set; }
}

public class Api {
    public string Id { get; set; }
    public string Name { get; set; }
    public string Path { get; set; }
    public string Version { get; set; }
}

public class Operation {
    public string Id { get; set; }
    public string Name { get; set; }
}

public class Jwt {
    public IReadOnlyDictionary<string, string[]> Claims { get; set; }
    public string Algorithm { get { return "RS256"; } }
    string Joined(string name) { return Claims.ContainsKey(name) ? string.Join(",", Claims[name]) : null; }
    DateTime? Moment(string name) {
        return Claims.ContainsKey(name)
            ? new DateTime(1970, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddSeconds(long.Parse(Claims[name][0]))
            : (DateTime?)null;
    }
    public string Subject { get { return Joined("sub"); } }
    public string Issuer { get { return Joined("iss"); } }
    public string Id { get { return Joined("jti"); } }
    public string Type { get { return Joined("typ"); } }
    public IEnumerable<string> Audiences { get { return Claims.ContainsKey("aud") ? Claims["aud"] : new string[0]; } }
    public DateTime? ExpirationTime { get { return Moment("exp"); } }
    public DateTime? NotBefore { get { return Moment("nbf"); } }
    public DateTime? IssuedAt { get { return Moment("iat"); } }
}

public class Context {
    public Guid RequestId { get; set; }
    public Request Request { get; set; }
    public Response Response { get; set; }
    public IReadOnlyDictionary<string, object> Variables { get; set; }
    public LastError LastError { get; set; }
    public Api Api { get; set; }
    public Operation Operation { get; set; }
    public TimeSpan Elapsed { get { return TimeSpan.FromSeconds(1); } }
    public DateTime Timestamp { get { return DateTime.UtcNow; } }
}

public static class Extensions {
    public static T GetValueOrDefault<T>(this IReadOnlyDictionary<string, object> values, string key, T defaultValue) {
        object found;
        return values.TryGetValue(key, out found) ? (T)found : defaultValue;
    }
    public static string GetValueOrDefault(
        this IReadOnlyDictionary<string, string[]> values, string key, string defaultValue = null) {
        string[] found;
        return values.TryGetValue(key, out found) ? string.Join(",", found) : defaultValue;
    }
    public static string GetValueOrDefault(
        this IReadOnlyDictionary<string, string> values, string key, string defaultValue) {
        string found;
        return values.TryGetValue(key, out found) ? found : defaultValue;
    }
}

public static class Oracle {
    static readonly JsonSerializerSettings Plain = new JsonSerializerSettings { DateParseHandling = DateParseHandling.None };

    static IReadOnlyDictionary<string, string[]> Lists(JToken pairs, IEqualityComparer<string> comparer) {
        var made = new Dictionary<string, List<string>>(comparer);
        var order = new List<string>();
        foreach (JToken pair in (JArray)pairs) {
            string name = (string)pair[0];
            if (!made.ContainsKey(name)) { made[name] = new List<string>(); order.Add(name); }
            made[name].Add((string)pair[1]);
        }
        return order.ToDictionary(name => name, name => made[name].ToArray(), comparer);
    }

    static Url UrlOf(JToken url) {
        return new Url {
            Scheme = (string)url["scheme"], Host = (string)url["host"], Port = (int)url["port"], Path = (string)url["path"],
            QueryString = (string)url["query_string"], Query = Lists(url["query"], StringComparer.Ordinal)
        };
    }

    static bool IsNull(JToken token) { return token == null || token.Type == JTokenType.Null; }

    static object Variable(JToken variable) {
        string type = (string)variable["type"];
        JToken value = variable["value"];
        switch (type) {
            case "null": return null;
            case "string": return (string)value;
            case "int": return (int)value;
            case "long": return (long)value;
            case "double": return (double)value;
            case "bool": return (bool)value;
            case "jwt": return new Jwt { Claims = Lists(value, StringComparer.Ordinal) };
            case "strings": return value.Select(one => (string)one).ToArray();
            case "json": return JToken.Parse((string)value);
        }
        throw new InvalidOperationException(type);
    }

    static Context ContextOf(JObject from) {
        JToken request = from["request"], response = from["response"], error = from["last_error"];
        var variables = new Dictionary<string, object>();
        foreach (var pair in (JObject)from["variables"]) variables[pair.Key] = Variable(pair.Value);
        var made = new Context {
            RequestId = Guid.Parse((string)from["request_id"]),
            Variables = variables,
            Request = new Request {
                Method = (string)request["method"], IpAddress = (string)request["ip_address"], Url = UrlOf(request["url"]),
                OriginalUrl = UrlOf(request["original_url"]),
                Headers = Lists(request["headers"], StringComparer.OrdinalIgnoreCase),
                MatchedParameters = ((JObject)request["matched_parameters"]).Properties()
                    .ToDictionary(one => one.Name, one => (string)one.Value),
                Body = (string)request["body"] == "" ? null : new Body((string)request["body"])
            },
            Api = new Api { Id = "quantum-jobs", Name = "Quantum Jobs", Path = "v1", Version = "v1" },
            Operation = new Operation { Id = "get-job", Name = "Get a job" }
        };
        if (!IsNull(response)) made.Response = new Response {
            StatusCode = (int)response["status"], StatusReason = (string)response["reason"],
            Headers = Lists(response["headers"], StringComparer.OrdinalIgnoreCase), Body = new Body((string)response["body"])
        };
        if (!IsNull(error)) made.LastError = new LastError {
            Source = (string)error["source"], Reason = (string)error["reason"], Message = (string)error["message"],
            Scope = (string)error["scope"], Section = (string)error["section"], Path = (string)error["path"],
            PolicyId = (string)error["policy_id"]
        };
        return made;
    }

    static string Quoted(string text) {
        var made = new StringBuilder("\"");
        foreach (char one in text) {
            if (one < ' ' || one > '~' || one == '"' || one == '\\') made.AppendFormat("\\u{0:x4}", (int)one);
            else made.Append(one);
        }
        return made.Append('"').ToString();
    }

    static string Pair(string type, string value) { return "[" + Quoted(type) + "," + Quoted(value) + "]"; }

    static string Shown(object value) {
        if (value == null) return "[\"null\",\"\"]";
        if (value is string) return Pair("string", (string)value);
        if (value is bool) return Pair("bool", (bool)value ? "true" : "false");
        if (value is int) return Pair("int", ((int)value).ToString(CultureInfo.InvariantCulture));
        if (value is long) return Pair("long", ((long)value).ToString(CultureInfo.InvariantCulture));
        if (value.GetType().IsEnum) return Pair(value.GetType().Name, value.ToString());
        if (value is double && double.IsNaN((double)value)) return Pair("double", "NaN");
        if (value is double) return Pair("double", BitConverter.DoubleToInt64Bits((double)value).ToString());
        if (value is char) return Pair("char", value.ToString());
        if (value is DateTime) return Pair("DateTime", ((DateTime)value).ToString("o", CultureInfo.InvariantCulture));
        if (value is DateTimeOffset) return Pair("DateTimeOffset", ((DateTimeOffset)value).ToString("o", CultureInfo.InvariantCulture));
        if (value is TimeSpan) return Pair("TimeSpan", ((TimeSpan)value).ToString("c"));
        if (value is Guid) return Pair("Guid", value.ToString());
        if (value is JToken) return Pair(value.GetType().Name, ((JToken)value).ToString(Formatting.None));
        if (value is string[]) return Pair("string[]", string.Join("|", (string[])value));
        return Pair("other", value.GetType().Name);
    }

    static string Run(Func<Context, object> run, JObject context) {
        try { return Shown(run(ContextOf(context))); }
        catch (Exception error) { return Pair("throws", error.GetType().Name); }
    }

    // Writes a line for each case and context: [case, context, [type, value]].
    public static void Main(string[] arguments) {
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
        System.Threading.Thread.CurrentThread.CurrentCulture = CultureInfo.InvariantCulture;
        var contexts = JsonConvert.DeserializeObject<JArray>(File.ReadAllText(arguments[0]), Plain);
        var cases = Cases.All();
        for (int one = 0; one < cases.Length; one++)
            for (int context = 0; context < contexts.Count; context++)
                Console.WriteLine("[" + one + "," + context + "," + Run(cases[one], (JObject)contexts[context]) + "]");
    }
}
