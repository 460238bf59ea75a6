// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import JSONText

/// What went wrong with a request, as told to its caller (RFC 9457).
public struct Problem: Error, Hashable, Sendable {
    /// The kind in kebab-case, such as `meter-timeout`; the last part of the `type` member.
    public var name: String
    /// The status code, 400 or more.
    public var status: Int
    /// The kind in a few words, the same for every occurrence.
    public var title: String
    /// What happened this time, one sentence or two; never a secret.
    public var detail: String
    /// What the caller may do about it, if there is something.
    public var hint: String?
    /// Whether the same request may succeed later without a change.
    public var retryable: Bool
    /// Further members in their order.
    public var members: JSONObject
    /// Further header fields, such as `Retry-After` or `Allow`.
    public var headers: HTTPHeaders

    /// What stands before the name in `type` unless told otherwise.
    public static let defaultTypeBase = "/docs/problems/"

    /// Makes a problem.
    public init(
        _ name: String,
        status: Int,
        title: String,
        detail: String,
        hint: String? = nil,
        retryable: Bool = false,
        members: JSONObject = JSONObject(),
        headers: HTTPHeaders = HTTPHeaders()
    ) {
        self.name = name
        self.status = status
        self.title = title
        self.detail = detail
        self.hint = hint
        self.retryable = retryable
        self.members = members
        self.headers = headers
    }

    /// The problem with one more member.
    public func with(_ name: String, _ value: JSONValue) -> Problem {
        var copy = self
        copy.members[name] = value
        return copy
    }

    /// The problem with one more header field.
    public func withHeader(_ name: String, _ value: String) -> Problem {
        var copy = self
        copy.headers.set(name, value)
        return copy
    }

    /// The members as JSON text.
    ///
    /// - Parameters:
    ///   - instance: the path of the request, escaped as sent.
    ///   - traceID: what names the request in the logs.
    ///   - typeBase: what stands before the name in `type`.
    public func octets(instance: String, traceID: String, typeBase: String = Problem.defaultTypeBase) -> [UInt8] {
        var writer = JSONWriter()
        write(into: &writer, instance: instance, traceID: traceID, typeBase: typeBase)
        return writer.takeOctets()
    }

    /// Writes the problem as one object; also for problems inside a larger answer, which have no instance of their own.
    public func write(
        into writer: inout JSONWriter,
        instance: String? = nil,
        traceID: String? = nil,
        typeBase: String = Problem.defaultTypeBase
    ) {
        writer.beginObject()
        writer.member("type", typeBase + name)
        writer.member("title", title)
        writer.member("status", status)
        writer.member("detail", detail)
        if let instance { writer.member("instance", instance) }
        if let traceID { writer.member("traceId", traceID) }
        writer.member("retryable", retryable)
        if let hint { writer.member("hint", hint) }
        for member in members.members where !Self.ownMembers.contains(member.name) {
            writer.name(member.name)
            writer.value(member.value)
        }
        writer.endObject()
    }

    private static let ownMembers = ["type", "title", "status", "detail", "instance", "traceId", "retryable", "hint"]
}
