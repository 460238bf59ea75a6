// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import JSONText

extension APIKeyGrant {
    /// Writes the members of the grant.
    public func writeMembers(into writer: inout JSONWriter) {
        writer.member("roles", roles)
        writer.member("scopes", scopes)
        writer.member("labels", labels)
        writer.member("addresses", addresses.map(\.description))
        writer.member("requestsPerMinute", requestsPerMinute)
    }

    /// Reads the members of a grant; whether its roles and scopes are known is for the API to say.
    ///
    /// - Throws: ``JSONText/JSONMemberError`` for a selector or an address that is none.
    public init(_ members: inout JSONMembers) throws(JSONMemberError) {
        self.init()
        roles = try members.optionalStrings("roles") ?? []
        scopes = try members.optionalStrings("scopes") ?? []
        labels = try members.optionalString("labels")
        if let labels, LabelSelector(labels).map(\.requirements.isEmpty) ?? true {
            throw JSONMemberError(
                .invalid(expected: "a label selector such as region=north"),
                at: "/labels"
            )
        }
        for (index, text) in (try members.optionalStrings("addresses") ?? []).enumerated() {
            guard let range = AddressRange(text) else {
                throw JSONMemberError(
                    .invalid(expected: "an address, or a range such as 192.0.2.0/24"),
                    at: JSONPointer("/addresses/\(index)")
                )
            }
            addresses.append(range)
        }
        requestsPerMinute = try members.optionalInteger("requestsPerMinute", in: 1...1_000_000)
    }
}
