// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// How a client names attributes and methods.
public enum Referencing: String, Hashable, Sendable, CaseIterable {
    /// By class, logical name and index: GET, SET and ACTION.
    case logicalName
    /// By numbers of two octets that the association lists: Read and Write.
    case shortName
    /// By logical name first; by short name if the server turns out to speak nothing else.
    case automatic
}
