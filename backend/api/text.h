/* Text, numbers, times, languages: what a front end needs to show things. */
#ifndef NCM_API_TEXT_H
#define NCM_API_TEXT_H

#include "base/buf.h"
#include "base/i18n.h"
#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"

#endif
