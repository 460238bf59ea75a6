// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import JSONText

/// Reads something from JSON; what is wrong with a member comes out in words for callers.
func parsed<Value>(_ read: @autoclosure () throws(JSONMemberError) -> Value) throws(GatewayError) -> Value {
    do throws(JSONMemberError) {
        return try read()
    } catch {
        throw .invalidMember(error)
    }
}
